import { readFileSync } from 'node:fs';
import { it } from 'vitest';
import { replay, builtInRules, builtInRuleSet, START_US } from '../replay.js';
import { compileRules, createDetectState, detect, describeRule, ruleStatus } from '../../../../src/core/detect/detect.js';
import { parseMessage } from '../../../../src/core/sip/parse.js';
it('peek', () => {
  const lines = readFileSync('/work/shared/corpora/tool-traffic.jsonl','utf8').trim().split('\n').map((x)=>JSON.parse(x));
  const runs = new Map<string, any[]>();
  for (const l of lines) runs.set(l.run,[...(runs.get(l.run)??[]),l]);
  const noSigns = compileRules(builtInRules.filter((r)=>r.count!==null||r.id==='options-look'));
  for (const [run, p] of runs) { const o = replay(p)[0]!; const h = replay(p, noSigns)[0]!;
    console.log(run.padEnd(24), p[0].attack_type.padEnd(22), String(o.attackType).padEnd(22), o.blockedAt, Math.round(o.peakTotal), Math.round(o.peakProven), o.rules.join(), '| honest', h.attackType, h.blockedAt); }
  for (const r of builtInRules) console.log(r.id, '::', describeRule(r));
  console.log(replay(runs.get('svcrack-static0')!)[0]!.sightings);
});
it('perf', () => {
  const lines = readFileSync('/work/shared/corpora/tool-traffic.jsonl','utf8').trim().split('\n').map((x)=>JSON.parse(x));
  for (const sources of [1, 1000, 200000]) for (const pick of ['all','benign']) {
  const msgs = lines.filter((l)=>pick==='all'||l.attack_type==='benign').map((l)=>Buffer.from(l.raw,'latin1'));
  const state = createDetectState();
  const N = 400000; let t=0, tp=0; let max=0;
  for (let b=0;b<N;b+=1000){
    const t1=process.hrtime.bigint();
    const evs=[]; for(let i=0;i<1000;i++){ const k=b+i; evs.push({id:k+1,receivedAtUs:START_US+k*50,transport:'udp' as const,source:{address:`10.${(k%sources)>>16}.${((k%sources)>>8)&255}.${(k%sources)&255}`,port:5060},local:{address:'192.0.2.1',port:5060},proof:'none' as const,message:parseMessage(msgs[k%msgs.length]!),retransmission:false}); }
    const t2=process.hrtime.bigint();
    for(const e of evs) detect(state,builtInRuleSet,e,{scoreHalfLifeS:3600});
    const t3=process.hrtime.bigint();
    if(b>=100000){tp+=Number(t2-t1); t+=Number(t3-t2); max=Math.max(max,Number(t3-t2));}
  }
  console.log(sources,pick,'detect us/event',(t/300000/1000).toFixed(2),'parse+build',(tp/300000/1000).toFixed(2),'worst 1000-batch ms',(max/1e6).toFixed(1), 'groups', ruleStatus(state).reduce((s,r)=>s+r.groups,0));
  }
}, 300000);
