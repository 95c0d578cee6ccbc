<?php
/** Router of PHP's built-in server: the dynamic addresses, files below public/, and a plain 404 for anything else. */
declare(strict_types=1);

$path = rawurldecode(strtok($_SERVER['REQUEST_URI'], '?'));
$public = __DIR__ . '/public';

header('X-Content-Type-Options: nosniff');

if ($path === '/health' || $path === '/data.php') {
    require $public . ($path === '/health' ? '/health.php' : $path);
    return true;
}

$file = str_contains($path, "\0") ? false : realpath($public . ($path === '/' ? '/index.html' : $path));
if ($file !== false && is_file($file) && str_starts_with($file, $public . '/')) {
    return false; // the server itself serves it
}

http_response_code(404);
header('Content-Type: text/plain; charset=utf-8');
echo "Not found\n";
return true;
