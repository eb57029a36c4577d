<?php
// Roundcube's settings, the same in every installation; what varies is in the environment:
//   BERTH_MAIL_SERVER   the mail service in the private network (mail); BERTH_MAIL_IMAP_PORT (993), BERTH_MAIL_SMTP_PORT (465)
//   BERTH_WEBMAIL_URL   the address that people use; with https, cookies are for https only
//   BERTH_PANEL_URL     the panel in the private network, for the sign-in from there; without it there is none
//   BERTH_WEBMAIL_NAME  what the pages are called (Webmail)
$data = '/var/lib/berth-webmail';
$server = getenv('BERTH_MAIL_SERVER') ?: 'mail';
$imap = getenv('BERTH_MAIL_IMAP_PORT') ?: '993';
$smtp = getenv('BERTH_MAIL_SMTP_PORT') ?: '465';
$name = getenv('BERTH_WEBMAIL_NAME') ?: 'Webmail';

$config = [];
$config['db_dsnw'] = "sqlite:///$data/webmail.db?mode=0600";
$config['db_prefix'] = '';
$config['temp_dir'] = "$data/temp";
$config['log_driver'] = 'stdout';
$config['des_key'] = trim((string) file_get_contents("$data/key"));
$config['cipher_method'] = 'AES-256-CBC';

// The mail service's certificate is for the name that the world knows it by, or a self-signed one; here it is reached by its
// name in a network that only it, the panel and this container are in. So TLS keeps what is said, and does not ask who answers.
$hop = ['ssl' => ['verify_peer' => false, 'verify_peer_name' => false]];
$config['imap_host'] = "ssl://$server:$imap";
$config['imap_conn_options'] = $hop;
// Longer than Dovecot makes those wait who guess, and shorter than nginx waits.
$config['imap_timeout'] = 30;
$config['smtp_host'] = "ssl://$server:$smtp";
$config['smtp_conn_options'] = $hop;
$config['smtp_timeout'] = 30;
$config['smtp_user'] = '%u';
$config['smtp_pass'] = '%p';

$config['product_name'] = $name;
$config['support_url'] = '';
$config['useragent'] = $name;
$config['skin'] = 'elastic';
$config['plugins'] = ['archive', 'markasjunk', 'zipdownload', 'berth_sso'];
$config['berth_panel_url'] = rtrim((string) getenv('BERTH_PANEL_URL'), '/');

$config['use_https'] = str_starts_with((string) getenv('BERTH_WEBMAIL_URL'), 'https://');
$config['session_lifetime'] = 60;
// Lax and not Strict: people arrive from the panel's page.
$config['session_samesite'] = 'Lax';
$config['login_lc'] = 2;
$config['login_rate_limit'] = 5;
$config['enable_installer'] = false;
$config['enable_spellcheck'] = false;

// What an attached file becomes in a mail is a third more.
$config['max_message_size'] = '34M';
// As Dovecot makes them, and the panel's filters name them.
$config['drafts_mbox'] = 'Drafts';
$config['junk_mbox'] = 'Junk';
$config['sent_mbox'] = 'Sent';
$config['trash_mbox'] = 'Trash';
$config['archive_mbox'] = 'Archive';
$config['quota_zero_as_unlimited'] = true;
// Pictures from elsewhere tell senders that a mail was read.
$config['show_images'] = 0;
