<?php
// Brings the administrator's line in the file of users to what the customer answered; other lines stay. The password
// comes by the environment. Written under another name first.
[$file, $name, $mail] = [$argv[1], getenv('ADMIN_NAME'), getenv('ADMIN_EMAIL')];
$hash = password_hash(getenv('ADMIN_PASSWORD'), PASSWORD_BCRYPT);
$lines = is_file($file) ? file($file, FILE_IGNORE_NEW_LINES) : [];
$others = array_filter($lines, fn($line) => explode(':', $line, 2)[0] !== $name);
$lines = [...$others, "$name:$hash:$name:$mail:admin,user"];
file_put_contents("$file.new", implode("\n", $lines) . "\n");
rename("$file.new", $file);
