<?php
/**
 * Does the released site work for somebody with a browser? Reads SITE_URL, WEBDRIVER_URL, BROWSER, SCREENSHOT_DIR and,
 * when the release knows which version must be there, EXPECTED_VERSION.
 */
declare(strict_types=1);

require_once __DIR__ . '/WebDriver.php';

use PHPUnit\Framework\TestCase;

final class SiteSmokeTest extends TestCase
{
    private const PATIENCE_SECONDS = 10;
    private const ROWS = '#grid tbody tr';
    private const NAMES = '#grid tbody a';
    private const POSITION = '#position';

    private static ?WebDriver $browser = null;
    private static string $site;

    public static function setUpBeforeClass(): void
    {
        self::$site = rtrim(self::environment('SITE_URL'), '/');
        self::$browser = WebDriver::open(self::environment('WEBDRIVER_URL'), getenv('BROWSER') ?: 'chrome');
    }

    public static function tearDownAfterClass(): void
    {
        self::$browser?->quit();
        self::$browser = null;
    }

    protected function setUp(): void
    {
        self::$browser->visit(self::$site . '/');
        self::until('the grid shows rows', fn () => count(self::$browser->texts(self::ROWS)) > 0);
    }

    protected function onNotSuccessfulTest(Throwable $problem): void
    {
        $folder = getenv('SCREENSHOT_DIR');
        if ($folder && self::$browser !== null && is_dir($folder)) {
            file_put_contents("$folder/{$this->getName()}.png", self::$browser->screenshot());
        }
        throw $problem;
    }

    public function testThePageHasItsTitle(): void
    {
        self::assertSame('Store sales', self::$browser->title());
        self::assertSame('Store sales', self::$browser->text('h1'));
    }

    public function testTheGridIsFilledByTheServer(): void
    {
        self::assertCount(12, self::$browser->texts(self::ROWS));
        self::assertSame(['1', '2', '3'], array_slice(self::$browser->texts(self::ROWS . ' td:first-child'), 0, 3));
        self::assertSame('Page 1 of 20 · 240 stores', self::$browser->text(self::POSITION));
    }

    public function testPagingShowsOtherRowsAndComesBack(): void
    {
        $first = self::$browser->texts(self::ROWS);

        self::$browser->click('#next');
        self::until('page 2 is there', fn () => str_starts_with(self::$browser->text(self::POSITION), 'Page 2 '));
        $second = self::$browser->texts(self::ROWS);
        self::assertCount(12, $second);
        self::assertSame([], array_intersect($first, $second));

        self::$browser->click('#previous');
        self::until('page 1 is back', fn () => str_starts_with(self::$browser->text(self::POSITION), 'Page 1 '));
        self::assertSame($first, self::$browser->texts(self::ROWS));
    }

    public function testAColumnCanBeHiddenAndShown(): void
    {
        self::$browser->click('#columns button[data-key=city]');
        self::assertNull(self::$browser->find('#grid th[data-key=city]'));
        self::assertNotNull(self::$browser->find('#grid th[data-key=region]'));

        self::$browser->click('#columns button[data-key=city]');
        self::assertNotNull(self::$browser->find('#grid th[data-key=city]'));
    }

    public function testAClickOnAHeadingSortsOnTheServer(): void
    {
        $numbers = fn () => array_map(
            fn (string $revenue) => (int) preg_replace('/\D/', '', $revenue),
            self::$browser->texts(self::ROWS . ' td:nth-child(6)'),
        );
        self::$browser->click('#grid th[data-key=revenue] button');
        self::until('revenue is the order', fn () => str_contains(self::$browser->url(), 'sort=revenue'));
        $sorted = $shown = $numbers();
        sort($sorted);
        self::assertSame($sorted, $shown);
    }

    public function testAStoreOpensAndTheWayBackLeadsToTheSamePage(): void
    {
        self::$browser->click('#next');
        self::until('page 2 is there', fn () => str_starts_with(self::$browser->text(self::POSITION), 'Page 2 '));
        $name = self::$browser->texts(self::NAMES)[0];

        self::$browser->click(self::NAMES);
        self::until('the store is there', fn () => self::$browser->texts('#name') === [$name]);
        self::until('its months are there', fn () => count(self::$browser->texts('#months tbody tr')) === 12);

        self::$browser->click('#back');
        self::until('the grid is back', fn () => count(self::$browser->texts(self::ROWS)) === 12);
        self::assertStringStartsWith('Page 2 ', self::$browser->text(self::POSITION));
    }

    public function testTheVersionOfTheReleaseIsRunning(): void
    {
        self::$browser->visit(self::$site . '/health');
        $health = json_decode(self::$browser->text('body'), true);
        self::assertSame('ok', $health['status'] ?? null);
        self::assertNotSame('', $health['version'] ?? '');
        $expected = getenv('EXPECTED_VERSION');
        if ($expected) {
            self::assertSame($expected, $health['version']);
        }
    }

    /** Waits for what the page does by itself. */
    private static function until(string $what, callable $isSo): void
    {
        $end = microtime(true) + self::PATIENCE_SECONDS;
        do {
            if ($isSo()) {
                return;
            }
            usleep(50_000);
        } while (microtime(true) < $end);
        self::fail("Within " . self::PATIENCE_SECONDS . " s it did not happen that $what, at " . self::$browser->url());
    }

    private static function environment(string $name): string
    {
        return getenv($name) ?: throw new RuntimeException("The environment variable $name is not set");
    }
}
