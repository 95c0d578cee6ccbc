import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { functionTable } from '../../../../../local/azure/template/functions/table.js';
import type { Environment } from '../../../../../local/azure/template/evaluate.js';
import type { Json } from '../../../../../local/azure/template/json.js';
import { ExpressionError } from '../../../../../local/azure/template/templateError.js';
import { evaluated, groupId, subscriptionId, testScope } from '../testScope.js';

type Case = readonly [expression: string, expected: Json];
type Refusal = readonly [expression: string, message: RegExp];

const inDefault: Partial<Environment> = { inDefaultValue: true };
const person = "createObject('name', 'Ada', 'Age', 36)";

/** Value by value, by the groups in which Microsoft documents the functions. */
const groups: Readonly<Record<string, readonly Case[]>> = {
  array: [
    ['array(1)', [1]],
    ["array(createArray('a'))", ['a']],
    ["concat(createArray('a'), createArray('b', 'c'))", ['a', 'b', 'c']],
    ["contains(createArray('one', 'two'), 'two')", true],
    ["contains(createArray('one', 'two'), 'TWO')", false],
    ["createArray(1, 'b', true(), null())", [1, 'b', true, null]],
    ['createArray()', []],
    ['empty(createArray())', true],
    ['empty(createArray(0))', false],
    ["first(createArray('one', 'two'))", 'one'],
    ['first(createArray())', null],
    ["flatten(createArray(createArray('a'), createArray('b', createArray('c'))))", ['a', 'b', ['c']]],
    ["indexOf(createArray('a', 'b', 'a'), 'a')", 0],
    ["indexOf(createArray('a'), 'z')", -1],
    ["lastIndexOf(createArray('a', 'b', 'a'), 'a')", 2],
    ["indexFromEnd(createArray('a', 'b', 'c'), 1)", 'c'],
    ['intersection(createArray(1, 2, 3), createArray(2, 3, 4))', [2, 3]],
    ["last(createArray('one', 'two'))", 'two'],
    ["length(createArray('a', 'b'))", 2],
    ['max(createArray(0, 3, 2))', 3],
    ['max(1, 2, 3)', 3],
    ['min(createArray(0, 3, -2))', -2],
    ['min(4, 2)', 2],
    ['range(5, 3)', [5, 6, 7]],
    ['range(0, 0)', []],
    ["skip(createArray('one', 'two', 'three'), 2)", ['three']],
    ['skip(createArray(1, 2), -4)', [1, 2]],
    ["take(createArray('one', 'two', 'three'), 2)", ['one', 'two']],
    ['take(createArray(1, 2), 9)', [1, 2]],
    ["tryGet(createArray('a', 'b'), 1)", 'b'],
    ["tryGet(createArray('a', 'b'), 2)", null],
    ["tryIndexFromEnd(createArray('a', 'b'), 2)", 'a'],
    ["tryIndexFromEnd(createArray('a', 'b'), 3)", null],
    ['union(createArray(1, 2), createArray(2, 3), createArray(1))', [1, 2, 3]],
    [
      "union(createArray(createObject('a', 1, 'b', 2)), createArray(createObject('b', 2, 'a', 1), createObject('a', 2, 'b', 2)))",
      [
        { a: 1, b: 2 },
        { a: 2, b: 2 },
      ],
    ],
  ],
  cidr: [
    [
      "parseCidr('10.144.0.0/20')",
      {
        network: '10.144.0.0',
        netmask: '255.255.240.0',
        broadcast: '10.144.15.255',
        firstUsable: '10.144.0.1',
        lastUsable: '10.144.15.254',
        cidr: 20,
      },
    ],
    ["parseCidr('10.144.3.77/24').network", '10.144.3.0'],
    ["parseCidr('1.2.3.4/32').lastUsable", '1.2.3.4'],
    [
      "parseCidr('fdad:3236:5555::/48')",
      {
        network: 'fdad:3236:5555::',
        netmask: 'ffff:ffff:ffff::',
        firstUsable: 'fdad:3236:5555::',
        lastUsable: 'fdad:3236:5555:ffff:ffff:ffff:ffff:ffff',
        cidr: 48,
      },
    ],
    ["cidrSubnet('10.144.0.0/20', 24, 0)", '10.144.0.0/24'],
    ["cidrSubnet('10.144.0.0/20', 24, 15)", '10.144.15.0/24'],
    ["cidrSubnet('fdad:3236:5555::/48', 64, 2)", 'fdad:3236:5555:2::/64'],
    ["cidrHost('10.144.3.0/24', 0)", '10.144.3.1'],
    ["cidrHost('10.144.3.0/24', 253)", '10.144.3.254'],
  ],
  comparison: [
    ['coalesce(null(), null(), 1, 2)', 1],
    ['coalesce(null())', null],
    ["coalesce('a', fail('never asked'))", 'a'],
    ["equals('a', 'A')", false],
    ['equals(1, 1)', true],
    ["equals(createObject('a', 1, 'b', createArray(2)), createObject('b', createArray(2), 'a', 1))", true],
    ["equals(1, '1')", false],
    ['less(1, 2)', true],
    ["less('a', 'B')", true],
    ['lessOrEquals(2, 2)', true],
    ['greater(2, 2)', false],
    ["greater('A', 'a')", true],
    ['greaterOrEquals(3, 2)', true],
    ["greaterOrEquals('b', 'a')", true],
  ],
  date: [
    ["dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')", '2023-04-07T14:53:14Z'],
    ["dateTimeAdd('2024-01-01 00:00:00Z', 'P1Y')", '2024-12-31T00:00:00Z'],
    ["dateTimeAdd('2023-02-01 00:00:00Z', 'P1M')", '2023-03-03T00:00:00Z'],
    ["dateTimeAdd('2024-02-01 00:00:00Z', 'P1M')", '2024-03-02T00:00:00Z'],
    ["dateTimeAdd('2020-04-07T14:53:14Z', '-P9D')", '2020-03-29T14:53:14Z'],
    ["dateTimeAdd('2020-04-07T14:53:14Z', 'PT1H', 'yyyy-MM-dd HH:mm')", '2020-04-07 15:53'],
    ["dateTimeAdd('20200407T145314Z', 'P1M')", '2020-05-07T14:53:14Z'],
    ["dateTimeAdd(dateTimeFromEpoch(1680224438), 'P1D')", '2023-04-01T01:00:38Z'],
    ["dateTimeAdd('2020-04-07T14:53:14+02:00', 'PT0S')", '2020-04-07T12:53:14Z'],
    ["dateTimeAdd('4/7/2020 2:53:14 PM', 'PT10M')", '2020-04-07T15:03:14Z'],
    ['dateTimeFromEpoch(1683040573)', '2023-05-02T15:16:13Z'],
    ["dateTimeToEpoch('2023-05-02T15:16:13Z')", 1683040573],
    ['dateTimeToEpoch(dateTimeFromEpoch(1680224438))', 1680224438],
    ['utcNow()', '20260309T070504Z'],
    ["utcNow('d')", '03/09/2026'],
    ["utcNow('D')", 'Monday, 09 March 2026'],
    ["utcNow('f')", 'Monday, 09 March 2026 07:05'],
    ["utcNow('o')", '2026-03-09T07:05:04.0300000Z'],
    ["utcNow('R')", 'Mon, 09 Mar 2026 07:05:04 GMT'],
    ["utcNow('s')", '2026-03-09T07:05:04'],
    ["utcNow('u')", '2026-03-09 07:05:04Z'],
    ["utcNow('y')", '2026 March'],
    ["utcNow('yy M d h:m:s tt ''at'' \\d')", '26 3 9 7:5:4 AM at d'],
    ["utcNow('ddd, MMM dd, yyyy')", 'Mon, Mar 09, 2026'],
    ["utcNow('HH.mm.ss.fff zzz')", '07.05.04.030 +00:00'],
  ],
  deployment: [
    ['deployment().name', 'release-7'],
    ['deployment().properties.mode', 'Incremental'],
    ['environment().name', 'AzureCloud'],
    ['environment().suffixes.storage', 'core.windows.net'],
    ["parameters('size')", 'the size'],
    ["variables('zone')", 'the zone'],
    ['deployer().objectId', 'me'],
  ],
  lambda: [
    ["map(range(0, 3), lambda('i', mul(lambdaVariables('i'), 2)))", [0, 2, 4]],
    [
      "map(createArray('a', 'b'), lambda('x', 'n', concat(lambdaVariables('x'), lambdaVariables('n'))))",
      ['a0', 'b1'],
    ],
    ["filter(createArray(1, 5, 3), lambda('i', greater(lambdaVariables('I'), 2)))", [5, 3]],
    [
      "reduce(createArray('a', 'b', 'c'), '', lambda('sum', 'next', format('{0}-{1}', lambdaVariables('sum'), lambdaVariables('next'))))",
      '-a-b-c',
    ],
    [
      "reduce(createArray(5, 6), 0, lambda('sum', 'next', 'index', add(lambdaVariables('sum'), mul(lambdaVariables('next'), lambdaVariables('index')))))",
      6,
    ],
    [
      "sort(createArray('c', 'd', 'a'), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
      ['a', 'c', 'd'],
    ],
    [
      "toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), lambda('x', concat('Hi ', lambdaVariables('x'))))",
      { a: 'Hi a', b: 'Hi b' },
    ],
    ["toObject(createArray(createObject('n', 'x')), lambda('e', lambdaVariables('e').n))", { x: { n: 'x' } }],
    [
      "groupBy(createArray('foo', 'bar', 'baz'), lambda('x', substring(lambdaVariables('x'), 0, 1)))",
      { f: ['foo'], b: ['bar', 'baz'] },
    ],
    ["mapValues(createObject('a', 1, 'b', 2), lambda('v', add(lambdaVariables('v'), 1)))", { a: 2, b: 3 }],
    [
      "map(range(0, 2), lambda('i', map(range(0, 2), lambda('j', add(mul(lambdaVariables('i'), 10), lambdaVariables('j'))))))",
      [
        [0, 1],
        [10, 11],
      ],
    ],
  ],
  logical: [
    ['and(true(), true(), false())', false],
    ['and(true(), true())', true],
    ["and(false(), fail('never asked'))", false],
    ['or(false(), true())', true],
    ['or(false(), false())', false],
    ['not(true())', false],
    ["if(true(), 'yes', fail('never asked'))", 'yes'],
    ["if(false(), fail('never asked'), 'no')", 'no'],
    ["bool('True')", true],
    ["bool('false')", false],
    ['bool(1)', true],
    ['bool(0)', false],
    ['true()', true],
    ['false()', false],
  ],
  numeric: [
    ['add(5, -3)', 2],
    ['sub(3, 5)', -2],
    ['mul(4, 5)', 20],
    ['div(8, 3)', 2],
    ['div(-7, 2)', -3],
    ['div(6, 11)', 0],
    ['mod(7, 3)', 1],
    ['mod(-7, 3)', -1],
    ["int('42')", 42],
    ['int(42)', 42],
    ["float('1.5')", 1.5],
    ['float(3)', 3],
    ['copyIndex()', 2],
    ['copyIndex(1)', 3],
    ["copyIndex('disks')", 5],
    ["copyIndex('DISKS', 10)", 15],
  ],
  object: [
    ["contains(createObject('Aa', 1), 'aA')", true],
    [person, { name: 'Ada', Age: 36 }],
    [`${person}.AGE`, 36],
    [`${person}['name']`, 'Ada'],
    ['createObject()', {}],
    ["empty(json('{}'))", true],
    ["intersection(createObject('a', 1, 'b', 2), createObject('b', 2, 'c', 3))", { b: 2 }],
    [
      "items(createObject('foo', 'abc', 'bar', 123))",
      [
        { key: 'bar', value: 123 },
        { key: 'foo', value: 'abc' },
      ],
    ],
    ['json(\'{"a": [1, null]}\')', { a: [1, null] }],
    ["json('null')", null],
    ["length(createObject('a', 1, 'b', 2))", 2],
    ['null()', null],
    ["objectKeys(createObject('a', 1, 'b', 2))", ['a', 'b']],
    [
      "shallowMerge(createArray(createObject('a', createObject('x', 1)), createObject('A', createObject('y', 2))))",
      { a: { y: 2 } },
    ],
    ["tryGet(createObject('a', createObject('b', createArray(7))), 'A', 'B', 0)", 7],
    ["tryGet(createObject('a', 1), 'b')", null],
    ["tryGet('text', 'b')", null],
    [
      "union(createObject('one', 'a', 'two', createObject('x', 1, 'l', createArray(1))), createObject('two', createObject('y', 2, 'l', createArray(2))))",
      { one: 'a', two: { x: 1, l: [2], y: 2 } },
    ],
  ],
  resource: [
    [
      "resourceId('Microsoft.Network/virtualNetworks', 'vnet')",
      `${groupId}/providers/Microsoft.Network/virtualNetworks/vnet`,
    ],
    [
      "resourceId('other', 'Microsoft.Network/virtualNetworks/subnets', 'vnet', 'web')",
      `/subscriptions/${subscriptionId}/resourceGroups/other/providers/Microsoft.Network/virtualNetworks/vnet/subnets/web`,
    ],
    [
      "resourceId('2e518a80-f860-4467-a00e-d81aaf1ff42e', 'customRg', 'My.Rp/parent/child', 'myParent', 'myChild')",
      '/subscriptions/2e518a80-f860-4467-a00e-d81aaf1ff42e/resourceGroups/customRg/providers/My.Rp/parent/myParent/child/myChild',
    ],
    [
      "subscriptionResourceId('My.Rp/parent/child', 'myParent', 'myChild')",
      `/subscriptions/${subscriptionId}/providers/My.Rp/parent/myParent/child/myChild`,
    ],
    [
      "subscriptionResourceId('2e518a80-f860-4467-a00e-d81aaf1ff42e', 'My.Rp/parent', 'x')",
      '/subscriptions/2e518a80-f860-4467-a00e-d81aaf1ff42e/providers/My.Rp/parent/x',
    ],
    [
      "tenantResourceId('My.Rp/parent/child', 'myParent', 'myChild')",
      '/providers/My.Rp/parent/myParent/child/myChild',
    ],
    [
      "managementGroupResourceId('mg1', 'My.Rp/parent', 'x')",
      '/providers/Microsoft.Management/managementGroups/mg1/providers/My.Rp/parent/x',
    ],
    [
      "extensionResourceId(tenantResourceId('My.Rp/parent', 'p'), 'My.ExtensionRp/child', 'c')",
      '/providers/My.Rp/parent/p/providers/My.ExtensionRp/child/c',
    ],
    ["reference('lb')", { state: 'of lb', apiVersion: '2023-11-01' }],
    ["reference(resourceId('Microsoft.Storage/storageAccounts', 'old'), '2019-06-01', 'Full').full", true],
    ["references('web', 'Full')[1].full", true],
    ["resourceInfo('lb').type", 'Microsoft.Network/loadBalancers'],
    ["listKeys('lb', '2020-01-01').operation", 'listKeys'],
    ["list('lb').apiVersion", '2023-11-01'],
    ["listAccountSas('lb', '2020-01-01', createObject('a', 1)).body", { a: 1 }],
    ["providers('Microsoft.Compute', 'VirtualMachineScaleSets').resourceType", 'virtualMachineScaleSets'],
    ["contains(providers('Microsoft.Compute', 'images').locations, 'West Europe')", true],
    ["greater(length(providers('Microsoft.Network').resourceTypes), 5)", true],
    ["pickZones('Microsoft.Compute', 'virtualMachines', 'westeurope')", ['1']],
    ["pickZones('Microsoft.Compute', 'virtualMachines', 'westeurope', 2, 1)", ['2', '3']],
    ["pickZones('Microsoft.Network', 'virtualNetworks', 'westeurope')", []],
    ["toLogicalZone('s', 'westeurope', 'westeurope-az2')", '2'],
    ["toLogicalZones('s', 'westeurope', createArray('westeurope-az2', 'westeurope-az1'))", ['2', '1']],
    ["toPhysicalZone('s', 'westeurope', '3')", 'westeurope-az3'],
    ["toPhysicalZones('s', 'westeurope', createArray('3'))", ['westeurope-az3']],
  ],
  scope: [
    ['resourceGroup().location', 'westeurope'],
    ['resourceGroup().id', groupId],
    ['resourceGroup().tags.team', 'shop'],
    ['resourceGroup().type', 'Microsoft.Resources/resourceGroups'],
    ['subscription().subscriptionId', subscriptionId],
    ['subscription().tenantId', testScope.subscription.tenantId],
    ['tenant().tenantId', testScope.subscription.tenantId],
  ],
  string: [
    ["base64('abc')", 'YWJj'],
    ["base64ToString('YWJj')", 'abc'],
    ['base64ToJson(base64(\'{"hi": "there"}\')).hi', 'there'],
    ["concat('a', 1, true())", 'a1True'],
    ['concat()', ''],
    ["contains('foo/bar', '/')", true],
    ["contains('foo', 'O')", false],
    ["dataUri('Hello')", 'data:text/plain;charset=utf8;base64,SGVsbG8='],
    ["dataUriToString(dataUri('abc'))", 'abc'],
    ["dataUriToString('data:,Hello%2C%20World')", 'Hello, World'],
    ["empty('')", true],
    ["endsWith('abcdef', 'EF')", true],
    ["first('One Two')", 'O'],
    ["first('')", ''],
    [
      "format('{0}, {1}. Formatted number: {2:N0}', 'Hello', 'User', 8175133)",
      'Hello, User. Formatted number: 8,175,133',
    ],
    ["format('->{0}<-', 123)", '->123<-'],
    [
      "format('>{0}<>{1}<>{2}<>{3}<', false(), 12948, createObject('a', 'b', '!c', 2), createArray(true(), 2893, 'abc'))",
      ">False<>12948<>{'a':'b','!c':2}<>[true,2893,'abc']<",
    ],
    ["format('{0,5}|{0,-5}|{{}}', 7)", '    7|7    |{}'],
    [
      "format('{0:D4} {0:X} {0:x4} {0:F1} {0:N} {0:P0} {0:E2} {0:C0} {0:G}', 255)",
      '0255 FF 00ff 255.0 255.00 25,500 % 2.55E+002 ¤255 255',
    ],
    ['format(\'{0:000} {0:#,##0.0#} {0:0%} {0:"no. "#}\', 12)', '012 12.0 1200% no. 12'],
    ["format('{0:X}', -1)", 'FFFFFFFFFFFFFFFF'],
    ["guid('asdf')", '228d27cc-6fdb-5934-b7ac-1efccebade04'],
    ["indexOf('abc', 'B')", 1],
    ["indexOf('abc', 'z')", -1],
    ["join(createArray('abc', 'def', 'ghi'), '/')", 'abc/def/ghi'],
    ["last('One')", 'e'],
    ["lastIndexOf('abcba', 'B')", 3],
    ["length('One Two Three')", 13],
    ['newGuid()', '00000000-0000-4000-8000-000000000001'],
    ["padLeft('123', 10, '0')", '0000000123'],
    ['padLeft(13, 5)', '   13'],
    ["replace('123-123-1234', '-', '$&')", '123$&123$&1234'],
    ["skip('one two', 4)", 'two'],
    ["split('one;two,three', createArray(';', ','))", ['one', 'two', 'three']],
    ["split('a/b', '/')", ['a', 'b']],
    ["startsWith('abcdef', 'AB')", true],
    ["string('text')", 'text'],
    ['string(5)', '5'],
    ['string(true())', 'True'],
    ["string(createObject('a', createArray(1, 'b')))", '{"a":[1,"b"]}'],
    ["substring('one two three', 4, 3)", 'two'],
    ["substring('asdfasf', 3)", 'fasf'],
    ["take('one two', 3)", 'one'],
    ["toLower('One')", 'one'],
    ["toUpper('One')", 'ONE'],
    ["trim('  one  ')", 'one'],
    ["uniqueString('asd', 'asdf', 'asdf')", 'iizpqit7ih3cc'],
    ["uri('https://github.com', 'Azure/bicep')", 'https://github.com/Azure/bicep'],
    ["uri('http://contoso.org/firstpath', 'myscript.sh')", 'http://contoso.org/myscript.sh'],
    ["uri('http://contoso.org/firstpath/', 'myscript.sh')", 'http://contoso.org/firstpath/myscript.sh'],
    ["uriComponent('UB*8h 0+=_)9h9n')", 'UB%2A8h%200%2B%3D_%299h9n'],
    ["uriComponentToString('%20%25%20')", ' % '],
  ],
};

const refusals: readonly Refusal[] = [
  ["fail('told you')", /^told you$/],
  [
    "nosuch('a')",
    /^The template function 'nosuch' is not valid\. Please see https:\/\/aka\.ms\/arm-functions for usage details\.$/,
  ],
  [
    'base64ToString()',
    /^Unable to evaluate template language function 'base64ToString': function requires 1 argument\(s\) while 0 were provided\. Please see/,
  ],
  [
    "toObject(createArray('a'))",
    /function requires between 2 and 3 argument\(s\) while 1 were provided\. Please see/,
  ],
  [
    "createObject('a', 1).b",
    /^The language expression property 'b' doesn't exist, available properties are 'a'\.$/,
  ],
  ['createArray(1)[1]', /^The language expression property array index '1' is out of bounds\.$/],
  ["concat('a', createArray('b'))", /Either all or none of the parameters must be an array\./],
  ["resourceId('Microsoft.Storage/storageAccounts')", /function requires at least 2 argument\(s\)/],
  [
    "resourceId('Microsoft.Storage/storageAccounts', 'a', 'b')",
    /^Unable to evaluate template language function 'resourceId': the type 'Microsoft\.Storage\/storageAccounts' requires '1' resource name argument\(s\)\. Please see/,
  ],
  [
    "resourceId('sub', 'rg', 'A.B/c', 'd')",
    /^The provided value 'sub' is not valid subscription identifier\. Please see/,
  ],
  [
    "reference('nothing')",
    /^The template reference 'nothing' is not valid: could not find template resource or resource copy with this name\./,
  ],
  ["reference('testme-stage/APPNAME')", /^The resource identificator 'testme-stage\/APPNAME' is malformed\./],
  [
    "dataUriToString('Hi 0!')",
    /expects its parameter to be formatted as a valid data URI\. The provided value 'Hi 0!' was not formatted correctly\. Please see https:\/\/aka\.ms\/arm-functions#dataUriToString for usage details\.$/,
  ],
  ['utcNow()', /^The template function 'utcNow' is not expected at this location\./],
  ['newGuid()', /^The template function 'newGuid' is not expected at this location\./],
  ['managementGroup()', /is not expected at this location/],
  ["managementGroupResourceId('A.B/c', 'd')", /is not expected at this location/],
  ['copyIndex()', /The function can only be used in a resource with copy specified\./],
  ["copyIndex('other')", /the copy loop 'other' is not found/],
  ['add(9007199254740993, 9223372036854775807)', /overflows a 64-bit integer/],
  ['div(1, 0)', /the divisor must not be zero/],
  ["int('x')", /cannot convert provided value 'x' to type 'Integer'/],
  ["bool('yes')", /cannot convert provided value 'yes' to type 'Boolean'/],
  ["float('1,5')", /to type 'Float'/],
  ['not(1)', /expects its parameter to be of type 'Boolean'. The provided value is of type 'Integer'/],
  ["if('true', 1, 2)", /'if' expects its parameters to be of type 'Boolean'/],
  ["less(1, 'a')", /two parameters of matching types/],
  [
    "substring('abc', 2, 2)",
    /^The template language function 'substring' parameters are out of range: 'start index' and 'length' must be non-negative integers and their sum must be no larger than the length of the string\./,
  ],
  ["base64ToString('*')", /not a valid base64 string/],
  ["json('{')", /not valid JSON/],
  ["createObject('a')", /must be even/],
  ["map('text', lambda('i', 1))", /expects its first parameter to be of type 'Array'/],
  ['map(range(0, 1), 5)', /expects a lambda expression/],
  ["filter(range(0, 1), lambda('i', 1))", /must give a value of type 'Boolean'/],
  ["lambda('i', 1)", /'lambda' is not expected at this location/],
  ["lambdaVariables('i')", /lambda variable 'i' is not found/],
  ['range(0, 10001)', /must be between '0' and '10000'/],
  ["format('{1}', 'a')", /Index \(zero based\)/],
  ["format('{0', 'a')", /not in a correct format/],
  ["union(createArray(1), createObject('a', 1))", /same type/],
  ["cidrSubnet('10.0.0.0/24', 16, 0)", /prefix length '16' must be between '24' and '32'/],
  ["cidrHost('10.0.0.0/30', 2)", /out of the range/],
  ["parseCidr('10.0.0.300/8')", /not a valid address range/],
  ["parseCidr('1::2::3/8')", /not a valid address range/],
  ["dateTimeAdd('yesterday', 'P1D')", /not a valid date and time/],
  ["dateTimeAdd('2020-01-01T00:00:00Z', '1D')", /not a valid ISO 8601 duration/],
  ["uri('nowhere', 'a')", /not an absolute URI/],
  ["providers('Contoso.Nothing')", /not registered/],
  ["replace('a', '', 'b')", /must not be empty/],
  ["padLeft('a', 2000000)", /must be between/],
];

const surroundings: Partial<Environment> = {
  ...inDefault,
  scope: { ...testScope, deployer: { objectId: 'me', tenantId: 't' } },
  parameter: name => `the ${name}`,
  variable: name => `the ${name}`,
  loops: [
    { name: 'machines', index: 2, unnamed: true },
    { name: 'disks', index: 5, unnamed: false },
  ],
  resource: name =>
    name === 'lb'
      ? { id: '/x/lb', type: 'Microsoft.Network/loadBalancers', name, apiVersion: '2023-11-01' }
      : undefined,
  collection: name =>
    name === 'web'
      ? ['0', '1'].map(key => ({ id: `/x/${key}`, type: 'A.B/c', name: key, apiVersion: 'v' }))
      : undefined,
  runtime: {
    reference: (id, apiVersion, full) => (full ? { id, full } : { state: `of ${id.slice(3)}`, apiVersion }),
    list: (operation, id, apiVersion, body) => ({ operation, id, apiVersion, body: body ?? null }),
  },
};

describe('the functions of the template language', () => {
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const [expression, expected] of cases) {
        it(expression, () => {
          assert.deepEqual(evaluated(expression, surroundings), expected);
        });
      }
    });
  }

  describe('refusals', () => {
    for (const [expression, message] of refusals) {
      it(expression, () => {
        assert.throws(
          () => evaluated(expression, { runtime: 'deferred' }),
          (error: unknown) => error instanceof ExpressionError && message.test(error.message),
        );
      });
    }
  });

  it('are found whatever their case', () => {
    assert.equal(evaluated("TOLOWER(Concat('A', 'B'))"), 'ab');
  });

  it('are all in the tables above', () => {
    const text = [...Object.values(groups).flat(), ...refusals]
      .map(([expression]) => expression.toLowerCase())
      .join('\n');
    const missing = [...functionTable.keys()].filter(name => name !== 'list*' && !text.includes(`${name}(`));
    assert.deepEqual(missing, []);
    assert.ok(functionTable.size >= 110, `there are ${functionTable.size} functions`);
  });
});
