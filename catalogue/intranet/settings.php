<?php
// What the customer answered, and what keeps an intranet inside. Wins over what is set in the wiki itself.
$conf['title'] = getenv('WIKI_TITLE');
$conf['lang'] = getenv('WIKI_LANGUAGE');
$conf['savedir'] = '/srv/wiki/data';
$conf['license'] = '0';
$conf['useacl'] = 1;
$conf['authtype'] = 'authplain';
$conf['superuser'] = '@admin';
$conf['passcrypt'] = 'bcrypt';
$conf['disableactions'] = 'register,resendpwd';
$conf['rememberme'] = 1;
$conf['securecookie'] = 1;
$conf['userewrite'] = '0';
$conf['updatecheck'] = 0;
$conf['sitemap'] = 0;
$conf['rss_type'] = 'rss2';
$conf['plugin']['usermanager']['enablenotify'] = 0;
