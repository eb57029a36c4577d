<?php
// The page that says whose site this is, until the customer's own stands there.
$say = fn(string $key, string $else = '') => htmlspecialchars(getenv($key) ?: $else, ENT_QUOTES);
$title = $say('SITE_TITLE', 'A new site');
?><!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title><?= $title ?></title>
<style>
:root { color-scheme: light dark; font: 18px/1.6 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 2rem; box-sizing: border-box;
  background: light-dark(#f7f8fa, #101418); color: light-dark(#1b2530, #e4e9ee); }
main { max-width: 36rem; border-left: 4px solid light-dark(#0b6e99, #5cc3ef); padding-left: 1.5rem; }
h1 { font-size: 2.2rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
.owner { color: light-dark(#4a5866, #a5b1bd); }
</style>
</head>
<body>
<main>
<h1><?= $title ?></h1>
<p>PHP <?= PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION ?> is ready.</p>
<p class="owner">This site belongs to <strong><?= $say('SITE_OWNER') ?></strong>.</p>
</main>
</body>
</html>
