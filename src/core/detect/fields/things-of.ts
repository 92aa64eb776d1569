const WORDS: Readonly<Record<string, string>> = {
  account: 'accounts',
  auth_username: 'accounts',
  auth_guess: 'passwords',
  auth_response: 'passwords',
  likely_password: 'likely passwords',
  to_user: 'extensions',
  from_user: 'callers',
  request_user: 'users called',
  called_number: 'numbers',
  number_prefix: 'ways to dial one number',
  contact_host: 'hosts in Contact',
  method: 'methods',
  local: 'addresses of ours',
  local_port: 'ports of ours',
  source: 'sources',
  call_id: 'Call-IDs',
  anomaly_names: 'kinds of oddity',
};

/** What the different values of a field are, for a person: `accounts`. */
export const thingsOf = (field: string): string => WORDS[field] ?? `different ${field}`;
