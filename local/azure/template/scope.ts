/** What a template is deployed into and what it may ask of it: the two ports of the template language. */

/** The subscription as `subscription()` answers. */
export interface SubscriptionScope {
  /** `/subscriptions/GUID` */
  readonly id: string;
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly displayName: string;
}

/** The resource group as `resourceGroup()` answers; anything else it holds (`properties`, `managedBy`) is answered too. */
export interface ResourceGroupScope {
  /** `/subscriptions/GUID/resourceGroups/NAME` */
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly [more: string]: unknown;
}

/** The deployment as `deployment()` answers; `template`, `parameters`, `mode` and the like may be added. */
export interface DeploymentScope {
  readonly name: string;
  readonly location?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** What `providers()` answers for one resource type. */
export interface ResourceTypeScope {
  /** `Microsoft.Compute/virtualMachines` */
  readonly type: string;
  readonly locations: readonly string[];
  /** newest first */
  readonly apiVersions: readonly string[];
}

/** Where a template is deployed. */
export interface TemplateScope {
  readonly subscription: SubscriptionScope;
  readonly resourceGroup: ResourceGroupScope;
  readonly deployment: DeploymentScope;
  /** what `utcNow()` tells, once and the same for the whole deployment */
  readonly now: Date;
  /** what `newGuid()` gives; a random one by default */
  readonly newGuid?: () => string;
  /** who deploys, for `deployer()` */
  readonly deployer?: {
    readonly objectId: string;
    readonly tenantId: string;
    readonly userPrincipalName?: string;
  };
  /** what `providers()` and `pickZones()` know; a small table of common types by default */
  readonly resourceTypes?: readonly ResourceTypeScope[];
}

/** What only a running deployment can tell. Both calls may throw; what they throw passes through unchanged. */
export interface Runtime {
  /**
   * The state of a resource, from `reference()`.
   * @param full the whole resource instead of its `properties`
   */
  reference(resourceId: string, apiVersion?: string, full?: boolean): unknown;
  /**
   * The answer to a POST on a resource, from `list*()`.
   * @param operation as the function is spelt, such as `listKeys`
   */
  list(operation: string, resourceId: string, apiVersion: string, body?: unknown): unknown;
}
