<?php
// Sends one e-mail to the simulator and prints its id.
// Needs PHP 8 without extensions; reads POSTRIDER_URL, POSTRIDER_KEY and POSTRIDER_DOMAIN from the environment.

declare(strict_types=1);

function setting(string $name): string
{
    $value = getenv($name);
    if ($value === false || $value === '') {
        fwrite(STDERR, "set $name\n");
        exit(1);
    }
    return $value;
}

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Authorization: Bearer ' . setting('POSTRIDER_KEY'),
        'Content-Type: application/json',
        'Idempotency-Key: ' . bin2hex(random_bytes(16)),
    ],
    'content' => json_encode([
        'from' => 'hello@' . setting('POSTRIDER_DOMAIN'),
        'to' => 'delivered@sim.postrider.invalid',
        'subject' => 'Hello from PHP',
        'text' => 'It works.',
    ], JSON_THROW_ON_ERROR),
    'timeout' => 30,
    'ignore_errors' => true,
]]);
$reply = file_get_contents(setting('POSTRIDER_URL') . '/api/send', false, $context);
$id = json_decode($reply === false ? '' : $reply, true)['id'] ?? null;
if ($id === null) {
    fwrite(STDERR, $http_response_header[0] ?? 'no reply');
    fwrite(STDERR, "\n$reply\n");
    exit(1);
}
echo $id, "\n";
