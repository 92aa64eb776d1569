import type { Persona, PersonaName } from '../persona.js';
import { ASTERISK } from './asterisk.js';
import { CISCO } from './cisco.js';
import { FREEPBX } from './freepbx.js';
import { FREESWITCH } from './freeswitch.js';
import { PHONE } from './phone.js';

/** Every persona by its name. */
export const PERSONAS: Readonly<Record<PersonaName, Persona>> = {
  asterisk: ASTERISK,
  freepbx: FREEPBX,
  freeswitch: FREESWITCH,
  cisco: CISCO,
  phone: PHONE,
};
