#!/usr/bin/python3
"""dnf-judge.py URL: a request a line (names) in, what dnf would install into an empty root out, a JSON list a line; null where it cannot.

One process for all requests, by dnf's own library, so that hundreds take seconds; weak dependencies are left out."""
import json
import sys
import tempfile

import dnf

with tempfile.TemporaryDirectory(prefix='dnf-judge-') as root:
    base = dnf.Base()
    conf = base.conf
    conf.installroot, conf.cachedir, conf.persistdir = root, root + '/cache', root + '/persist'
    conf.reposdir, conf.install_weak_deps, conf.gpgcheck = ['/nonexistent'], False, False
    conf.module_platform_id = 'platform:el9'
    conf.substitutions.update(releasever='9', arch='x86_64', basearch='x86_64')
    base.repos.add_new_repo('judged', conf, baseurl=[sys.argv[1]])
    base.fill_sack()
    for line in sys.stdin:
        base.reset(goal=True)
        try:
            for name in line.split():
                base.install(name)
            base.resolve()
            epoch = lambda package: '%s:' % package.epoch if package.epoch else ''
            chosen = sorted('%s-%s%s-%s.%s' % (p.name, epoch(p), p.version, p.release, p.arch) for p in base.transaction.install_set)
        except dnf.exceptions.Error:
            chosen = None
        print(json.dumps(chosen), flush=True)
    base.close()
