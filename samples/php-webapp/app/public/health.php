<?php
/** What the load balancer's probe and the release ask: 200 with the version that the bake wrote into the image. */
declare(strict_types=1);

$file = dirname(__DIR__) . '/VERSION';
$version = is_readable($file) ? trim((string) file_get_contents($file)) : 'development';

header('Content-Type: application/json; charset=utf-8');
header('Cache-Control: no-store');
echo json_encode(['status' => 'ok', 'version' => $version, 'host' => gethostname()], JSON_THROW_ON_ERROR), "\n";
