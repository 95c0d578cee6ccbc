<?php
/** A small W3C WebDriver client: what the smoke tests need of https://www.w3.org/TR/webdriver2/, on ext-curl alone. */
declare(strict_types=1);

final class WebDriver
{
    private const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
    private const TIMEOUT_SECONDS = 60;

    private function __construct(private readonly string $session)
    {
    }

    /** Opens a browser by a WebDriver server (chromedriver, Selenium Grid). */
    public static function open(string $server, string $browser): self
    {
        $capabilities = ['browserName' => $browser];
        if ($browser === 'chrome') {
            $arguments = ['--headless=new', '--window-size=1280,900', '--disable-dev-shm-usage'];
            if (function_exists('posix_geteuid') && posix_geteuid() === 0) {
                $arguments[] = '--no-sandbox'; // Chromium's sandbox does not work for root
            }
            $capabilities['goog:chromeOptions'] = ['args' => $arguments];
        }
        $server = rtrim($server, '/');
        $session = self::call('POST', "$server/session", ['capabilities' => ['alwaysMatch' => $capabilities]]);
        return new self("$server/session/{$session['sessionId']}");
    }

    /** Closes the browser. */
    public function quit(): void
    {
        self::call('DELETE', $this->session);
    }

    public function visit(string $url): void
    {
        $this->post('/url', ['url' => $url]);
    }

    public function url(): string
    {
        return self::call('GET', "$this->session/url");
    }

    public function title(): string
    {
        return self::call('GET', "$this->session/title");
    }

    /** @return string|null the element's id, null when nothing matches */
    public function find(string $css): ?string
    {
        $found = $this->post('/elements', ['using' => 'css selector', 'value' => $css]);
        return $found[0][self::ELEMENT] ?? null;
    }

    public function click(string $css): void
    {
        $this->post('/element/' . $this->mustFind($css) . '/click', []);
    }

    public function text(string $css): string
    {
        return self::call('GET', "$this->session/element/" . $this->mustFind($css) . '/text');
    }

    /** @return list<string> the texts of all elements that match, taken at one moment */
    public function texts(string $css): array
    {
        $script = 'return [...document.querySelectorAll(arguments[0])].map(found => found.innerText.trim())';
        return $this->post('/execute/sync', ['script' => $script, 'args' => [$css]]);
    }

    /** @return string PNG */
    public function screenshot(): string
    {
        return base64_decode(self::call('GET', "$this->session/screenshot"), true);
    }

    private function mustFind(string $css): string
    {
        return $this->find($css) ?? throw new RuntimeException("The page {$this->url()} has no element $css");
    }

    private function post(string $path, array $body): mixed
    {
        return self::call('POST', $this->session . $path, $body);
    }

    private static function call(string $method, string $url, ?array $body = null): mixed
    {
        $request = curl_init($url);
        curl_setopt_array($request, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_PROXY => '', // the WebDriver server is beside us, whatever proxy the site is behind
            CURLOPT_TIMEOUT => self::TIMEOUT_SECONDS,
        ]);
        if ($body !== null) {
            curl_setopt_array($request, [
                CURLOPT_POSTFIELDS => json_encode($body === [] ? new stdClass() : $body, JSON_THROW_ON_ERROR),
                CURLOPT_HTTPHEADER => ['Content-Type: application/json; charset=utf-8'], // Grid insists on the charset
            ]);
        }
        $response = curl_exec($request);
        if ($response === false) {
            throw new RuntimeException("No answer from WebDriver at $url: " . curl_error($request));
        }
        $value = json_decode($response, true)['value'] ?? null;
        if (curl_getinfo($request, CURLINFO_RESPONSE_CODE) >= 400) {
            throw new RuntimeException("WebDriver refused $method $url: " . ($value['message'] ?? $response));
        }
        return $value;
    }
}
