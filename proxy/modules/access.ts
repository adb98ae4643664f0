/** Who may come in, by address: nginx's ngx_http_access_module. */
import {
  type Directive,
  HTTP,
  LIMIT_EXCEPT,
  LOCATION,
  type Scope,
  SERVER,
} from '../config/directive.ts';
import { isInNetwork, type Network, parseAddress, readNetwork } from '../config/network.ts';
import { defineModule } from '../http/module.ts';
import { DECLINED, OK, type Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';

/** One `allow` or `deny`. */
interface Rule {
  readonly isDeny: boolean;
  /** `all`, `unix:` or a network. */
  readonly whom: 'all' | 'unix:' | Network;
}

interface Conf {
  readonly rules: readonly Rule[];
}

const IN = HTTP | SERVER | LOCATION | LIMIT_EXCEPT;

export const access = defineModule<Conf>({
  name: 'http_access',
  directives: [
    { name: 'allow', in: IN, args: [1, 1], set: addRule },
    { name: 'deny', in: IN, args: [1, 1], set: addRule },
  ],
  defaults: { rules: [] },
  phases: {
    access({ rules }, { location }) {
      if (rules.length === 0) return undefined;
      const isLogged = location.core.satisfy === 'all';
      return (r) => judge(r, rules, isLogged);
    },
  },
});

function addRule(own: Partial<Conf>, directive: Directive, scope: Scope): void {
  const [word = ''] = directive.args;
  const isNetwork = word !== 'all' && word !== 'unix:';
  const whom = isNetwork ? readNetwork(word, directive, scope) : word;
  const rule: Rule = { isDeny: directive.name === 'deny', whom };
  Object.assign(own, { rules: [...(own.rules ?? []), rule] });
}

/** The first rule that fits decides (ngx_http_access_handler). */
function judge(r: HttpRequest, rules: readonly Rule[], isLogged: boolean): Verdict {
  const { clientAddress } = r;
  const address = clientAddress === 'unix:' ? undefined : parseAddress(clientAddress);
  for (const { isDeny, whom } of rules) {
    const fits =
      whom === 'all' ||
      (whom === 'unix:'
        ? address === undefined
        : address !== undefined && isInNetwork(whom, address));
    if (!fits) continue;
    if (!isDeny) return OK;
    if (isLogged) r.logError('access forbidden by rule');
    return 403;
  }
  return DECLINED;
}
