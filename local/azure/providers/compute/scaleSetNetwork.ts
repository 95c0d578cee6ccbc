/** The network interfaces of a scale set's model as Azure shows them: defaults filled in, empty lists left out. */
import { object, objects, type Json } from '../../arm/json.js';

const interfaceDefaults = {
  enableAcceleratedNetworking: false,
  disableTcpStateTracking: false,
  dnsSettings: { dnsServers: [] },
  enableIPForwarding: false,
};

export function shownNetwork(networkProfile: Json): Json {
  return {
    ...networkProfile,
    networkInterfaceConfigurations: objects(networkProfile['networkInterfaceConfigurations']).map(
      configuration => {
        const given = object(configuration['properties']);
        return {
          ...configuration,
          properties: {
            ...interfaceDefaults,
            ...given,
            // Some templates give it as text.
            ...('primary' in given ? { primary: isTrue(given['primary']) } : {}),
            ipConfigurations: objects(given['ipConfigurations']).map(shownIpConfiguration),
          },
        };
      },
    ),
  };
}

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^true$/i.test(value));
}

function shownIpConfiguration(configuration: Json): Json {
  const given = Object.entries(object(configuration['properties'])).filter(
    ([, member]) => !(Array.isArray(member) && member.length === 0),
  );
  return { ...configuration, properties: { privateIPAddressVersion: 'IPv4', ...Object.fromEntries(given) } };
}
