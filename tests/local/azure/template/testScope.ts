/** A subscription and resource group to plan templates in, and expressions evaluated there. */
import type { Environment } from '../../../../local/azure/template/evaluate.js';
import { parseExpression } from '../../../../local/azure/template/expression.js';
import { evaluator } from '../../../../local/azure/template/functions/table.js';
import type { Json } from '../../../../local/azure/template/json.js';
import type { TemplateScope } from '../../../../local/azure/template/scope.js';
import { emptyEnvironment } from '../../../../local/azure/template/templateEnvironment.js';

export const subscriptionId = '5ca082f3-0000-4000-8000-00000000000a';
export const groupId = `/subscriptions/${subscriptionId}/resourceGroups/shop-qa`;

export const testScope: TemplateScope = {
  subscription: {
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    tenantId: '0f5d0a30-0000-4000-8000-00000000000b',
    displayName: 'Test',
  },
  resourceGroup: { id: groupId, name: 'shop-qa', location: 'westeurope', tags: { team: 'shop' } },
  deployment: { name: 'release-7' },
  now: new Date('2026-03-09T07:05:04.030Z'),
  newGuid: () => '00000000-0000-4000-8000-000000000001',
};

/** The value of `[expression]`, given without its brackets. */
export function evaluated(expression: string, more: Partial<Environment> = {}): Json {
  return evaluator.evaluate(parseExpression(`[${expression}]`), { ...emptyEnvironment(testScope), ...more });
}
