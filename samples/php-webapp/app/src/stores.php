<?php
/** The application's data: stores and their months of sales, made from each store's number, so the same on every machine. */
declare(strict_types=1);

namespace Stores;

const COUNT = 240;
const SORTABLE = ['id', 'name', 'city', 'region', 'orders', 'revenue', 'returnRate'];
const MAXIMUM_PAGE_SIZE = 100;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const CITIES = [
    ['Bergen', 'North'], ['Tampere', 'North'], ['Aarhus', 'North'], ['Uppsala', 'North'],
    ['Utrecht', 'West'], ['Ghent', 'West'], ['Nantes', 'West'], ['Leeds', 'West'],
    ['Valencia', 'South'], ['Bologna', 'South'], ['Braga', 'South'], ['Patras', 'South'],
    ['Brno', 'East'], ['Gdansk', 'East'], ['Debrecen', 'East'], ['Cluj', 'East'],
];
const STREETS = ['Harbour', 'Station', 'Market', 'Mill', 'Orchard', 'Castle', 'Bridge', 'Garden', 'Chapel', 'Quarry'];
const KINDS = ['Street', 'Square', 'Lane', 'Corner'];

/** A number in [0, 1) that depends on nothing but the seed. */
function noise(string $seed): float
{
    return hexdec(substr(md5($seed), 0, 8)) / 2 ** 32;
}

/** @return list<array{month: string, orders: int, revenue: int, returns: int}> revenue in euros */
function months(int $id): array
{
    $size = 300 + noise("size$id") * 2700;
    $basket = 22 + noise("basket$id") * 60;
    $returns = 0.01 + noise("returns$id") * 0.07;
    $months = [];
    foreach (MONTHS as $number => $month) {
        $season = 1 + 0.25 * sin(($number - 2) / 12 * 2 * M_PI) + 0.3 * (noise("month$id-$number") - 0.5);
        $orders = (int) round($size * $season);
        $months[] = [
            'month' => $month,
            'orders' => $orders,
            'revenue' => (int) round($orders * $basket),
            'returns' => (int) round($orders * $returns),
        ];
    }
    return $months;
}

/** @return array{id: int, name: string, city: string, region: string, orders: int, revenue: int, returnRate: float} */
function store(int $id): array
{
    [$city, $region] = CITIES[(int) (noise("city$id") * count(CITIES))];
    $street = STREETS[(int) (noise("street$id") * count(STREETS))];
    $kind = KINDS[(int) (noise("kind$id") * count(KINDS))];
    $months = months($id);
    $orders = array_sum(array_column($months, 'orders'));
    return [
        'id' => $id,
        'name' => "$street $kind",
        'city' => $city,
        'region' => $region,
        'orders' => $orders,
        'revenue' => array_sum(array_column($months, 'revenue')),
        'returnRate' => round(100 * array_sum(array_column($months, 'returns')) / $orders, 1),
    ];
}

/** @return array{store: array<string, mixed>, months: list<array<string, mixed>>}|null null when there is no such store */
function detail(int $id): ?array
{
    return $id >= 1 && $id <= COUNT ? ['store' => store($id), 'months' => months($id)] : null;
}

/** @return array{page: int, pages: int, pageSize: int, total: int, rows: list<array<string, mixed>>} */
function page(int $page, int $pageSize, string $sort, bool $descending): array
{
    $stores = array_map(store(...), range(1, COUNT));
    usort(
        $stores,
        fn (array $a, array $b): int => ($descending ? -1 : 1) * ($a[$sort] <=> $b[$sort]) ?: $a['id'] <=> $b['id'],
    );
    return [
        'page' => $page,
        'pages' => (int) ceil(COUNT / $pageSize),
        'pageSize' => $pageSize,
        'total' => COUNT,
        'rows' => array_slice($stores, ($page - 1) * $pageSize, $pageSize),
    ];
}
