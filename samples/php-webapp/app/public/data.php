<?php
/**
 * The grid's data as JSON, paged and sorted here: `?page=1&pageSize=12&sort=revenue&order=desc`.
 * One store with its months: `?store=17`. A request that makes no sense is answered 400 or 404 with {"error"}.
 */
declare(strict_types=1);

require_once dirname(__DIR__) . '/src/stores.php';

function answer(int $status, array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json; charset=utf-8');
    header('Cache-Control: no-store');
    echo json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE), "\n";
}

function whole(string $name, int $default, int $maximum): ?int
{
    $options = ['options' => ['min_range' => 1, 'max_range' => $maximum]];
    $value = filter_var($_GET[$name] ?? $default, FILTER_VALIDATE_INT, $options);
    return $value === false ? null : $value;
}

(function (): void {
    if (isset($_GET['store'])) {
        $id = whole('store', 1, PHP_INT_MAX);
        $detail = $id === null ? null : Stores\detail($id);
        $detail === null ? answer(404, ['error' => 'no such store']) : answer(200, $detail);
        return;
    }
    $page = whole('page', 1, Stores\COUNT);
    $pageSize = whole('pageSize', 12, Stores\MAXIMUM_PAGE_SIZE);
    $sort = $_GET['sort'] ?? 'id';
    $order = $_GET['order'] ?? 'asc';
    if ($page === null || $pageSize === null) {
        answer(400, ['error' => 'page and pageSize are whole numbers from 1, pageSize to ' . Stores\MAXIMUM_PAGE_SIZE]);
        return;
    }
    if (!in_array($sort, Stores\SORTABLE, true) || !in_array($order, ['asc', 'desc'], true)) {
        answer(400, ['error' => 'sort is one of ' . implode(', ', Stores\SORTABLE) . '; order is asc or desc']);
        return;
    }
    answer(200, Stores\page($page, $pageSize, $sort, $order === 'desc'));
})();
