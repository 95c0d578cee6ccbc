/** Azure's regions as galleries show them: `westeurope` is `West Europe` there. */
import { normalLocation } from '../arm/protocol.js';

const names = [
  ...['Australia Central', 'Australia East', 'Australia Southeast', 'Austria East', 'Belgium Central'],
  ...['Brazil South', 'Canada Central', 'Canada East', 'Central India', 'Central US', 'Chile Central'],
  ...['East Asia', 'East US', 'East US 2', 'France Central', 'France South', 'Germany North'],
  ...[
    'Germany West Central',
    'Indonesia Central',
    'Israel Central',
    'Italy North',
    'Japan East',
    'Japan West',
  ],
  ...[
    'Korea Central',
    'Korea South',
    'Malaysia West',
    'Mexico Central',
    'New Zealand North',
    'North Central US',
  ],
  ...['North Europe', 'Norway East', 'Norway West', 'Poland Central', 'Qatar Central', 'South Africa North'],
  ...[
    'South Africa West',
    'South Central US',
    'South India',
    'Southeast Asia',
    'Spain Central',
    'Sweden Central',
  ],
  ...['Switzerland North', 'Switzerland West', 'UAE Central', 'UAE North', 'UK South', 'UK West'],
  ...['West Central US', 'West Europe', 'West India', 'West US', 'West US 2', 'West US 3'],
];
const byLocation = new Map(names.map(name => [normalLocation(name), name]));

/** The name for people; the text itself when it is no region known here. */
export function regionName(location: string): string {
  return byLocation.get(normalLocation(location)) ?? location;
}

/** Whether there is such a region, however it is spelled. */
export function isRegion(location: string): boolean {
  return byLocation.has(normalLocation(location));
}

/** Where storage of a region is replicated to, both ways. */
const pairs = [
  ...[
    ['eastus', 'westus'],
    ['eastus2', 'centralus'],
    ['northcentralus', 'southcentralus'],
  ],
  ...[
    ['westus2', 'westcentralus'],
    ['northeurope', 'westeurope'],
    ['uksouth', 'ukwest'],
  ],
  ...[
    ['francecentral', 'francesouth'],
    ['germanywestcentral', 'germanynorth'],
    ['swedencentral', 'swedensouth'],
  ],
  ...[
    ['norwayeast', 'norwaywest'],
    ['switzerlandnorth', 'switzerlandwest'],
    ['southeastasia', 'eastasia'],
  ],
  ...[
    ['japaneast', 'japanwest'],
    ['australiaeast', 'australiasoutheast'],
    ['canadacentral', 'canadaeast'],
  ],
];

/** The region's pair; undefined when it has none. */
export function pairedRegion(location: string): string | undefined {
  const own = normalLocation(location);
  return pairs.find(pair => pair.includes(own))?.find(one => one !== own);
}
