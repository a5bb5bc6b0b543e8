/** The user is not in the groups stapusr and stapdev that the run needs. */
import type { Fault } from '../fault.ts';

export const PERM_GROUPS: Fault = {
  summary: 'the user is not in the groups stapusr and stapdev, both of which the run needs',
  page: {
    meaning:
      'Who is not root needs groups: stapusr to start staprun, and stapdev to load modules that were compiled here. With stapusr alone, or stapsys beside it, only modules that a compile server has signed or those that root has put below /lib/modules/RELEASE/systemtap are loaded.',
    tell: '"id" shows the groups of the session; "ls -l $(command -v staprun)" must show root:stapusr and a set-uid bit.',
    todo: 'Add the user to stapusr and stapdev and log in again.',
  },
  beyondTarget: false,
  explains: [],
  remedy: () => ({
    remedies: [{ kind: 'join-groups', by: 'user', groups: ['stapusr', 'stapdev'] }],
    otherwise:
      'Membership counts from the next login. stapusr alone only loads modules that root put into /lib/modules/RELEASE/systemtap.',
  }),
};
