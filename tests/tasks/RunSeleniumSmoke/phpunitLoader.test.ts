import assert from 'node:assert/strict';
import { loaderFor } from '../../../tasks/RunSeleniumSmoke/src/runners/phpunitLoader.js';

describe('loaderFor', () => {
  for (const [what, source] of [
    ['its class has its name', '<?php\nfinal class Site_Test extends TestCase {}'],
    ['its class has its name but for capitals', '<?php\nclass SITE_TEST extends TestCase {}'],
    ['it has no class', '<?php\n// class A extends B'],
    ['it has two', '<?php\nclass A extends TestCase {}\nclass B extends TestCase {}'],
    ['its class is abstract', '<?php\nabstract class A extends TestCase {}'],
  ] as const) {
    it(`leaves a file to PHPUnit when ${what}`, () => {
      assert.equal(loaderFor('/t/site_test.php', source), undefined);
    });
  }

  it('subclasses the class of another name, in a namespace after the file', () => {
    const source =
      '<?php\nnamespace App\\Smoke;\nabstract class Base extends TestCase {}\nclass Login extends Base {}';
    assert.deepEqual(loaderFor("/it's/2-site test.php", source), {
      name: 'Login.php',
      content:
        "<?php\nnamespace _2_site_test;\nrequire_once '/it\\'s/2-site test.php';\nclass Login extends \\App\\Smoke\\Login {}\n",
    });
  });

  it('only loads a final class', () => {
    assert.deepEqual(loaderFor('/t/site.php', '<?php\nfinal class Login extends TestCase {}'), {
      name: 'Login.php',
      content: "<?php\nrequire_once '/t/site.php';\n",
    });
  });
});
