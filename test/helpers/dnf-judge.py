#!/usr/bin/python3
"""dnf-judge.py URL [SETTINGS]: a request a line (names) in, what dnf would install into an empty root out, a JSON list a line; null where it cannot.

One process for all requests, by dnf's own library, so that hundreds take seconds; weak dependencies are left out.
SETTINGS is JSON: {"modules": {"perl": "5.30"}, "excludes": ["tool*"], "priority": [["URL", 10]]}, the streams that are enabled, patterns
that are left out, and more repositories with their priorities; the first one's is 99."""
import json
import os
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
    settings = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    conf.excludepkgs = settings.get('excludes', [])
    base.repos.add_new_repo('judged', conf, baseurl=[sys.argv[1]])
    for at, (url, priority) in enumerate(settings.get('priority', [])):
        base.repos.add_new_repo('more%d' % at, conf, baseurl=[url], priority=priority)
    os.makedirs(root + '/etc/dnf/modules.d')
    for name, stream in settings.get('modules', {}).items():
        with open('%s/etc/dnf/modules.d/%s.module' % (root, name), 'w') as file:
            file.write('[%s]\nname=%s\nstream=%s\nprofiles=\nstate=%s\n' % (name, name, stream or '', 'enabled' if stream else 'disabled'))
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
