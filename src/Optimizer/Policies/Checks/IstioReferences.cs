namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>IS008 and IS009: names in Istio's objects that lead nowhere.</summary>
internal static class IstioReferences
{
    private static readonly string[] Protocols = ["spec.http", "spec.tls", "spec.tcp"];

    public static IEnumerable<Finding> Find(ClusterEvidence evidence)
    {
        foreach (var service in evidence.OfKind("VirtualService"))
        {
            var routes = Protocols.SelectMany(service.Items).SelectMany(static r => Raw.Items(r.Value, "route").Select(d => (d.Value, Path: $"{r.Path}.{d.Path}.destination")));
            foreach (var (route, path) in routes)
            {
                var (host, subset) = (Raw.Text(route, "destination.host"), Raw.Text(route, "destination.subset"));
                if (IsUnknown(evidence, host, service.Namespace()))
                {
                    yield return Finding.At(service, $"{path}.host", $"there is no Service {host}", "");
                }
                else if (subset.Length > 0 && !IstioChecks.Rules(evidence).Any(r =>
                    IstioChecks.Host(r.Text("spec.host"), r.Namespace()) == IstioChecks.Host(host, service.Namespace()) && r.Items("spec.subsets").Any(s => Raw.Text(s.Value, "name") == subset)))
                {
                    yield return Finding.At(service, $"{path}.subset", $"no DestinationRule of {host} has a subset {subset}", "");
                }
            }

            foreach (var gateway in Raw.Texts(service.Root, "spec.gateways").Where(static g => g != "mesh"))
            {
                var (space, name) = gateway.Split('/') is [var stated, var own] ? (stated, own) : (service.Namespace(), gateway);
                if (!evidence.OfKind("Gateway").Any(g => g.Name() == name && g.Namespace() == space))
                {
                    yield return Finding.At(service, "spec.gateways", $"there is no Gateway {space}/{name}", "");
                }
            }
        }

        // Secrets are rarely among manifests: without any nothing can be said.
        foreach (var gateway in evidence.OfKind("Secret").Any() ? evidence.OfKind("Gateway") : [])
        {
            foreach (var (server, path) in gateway.Items("spec.servers"))
            {
                var name = Raw.Text(server, "tls.credentialName");
                if (name.Length > 0 && !evidence.OfKind("Secret").Any(s => s.Name() == name))
                {
                    yield return Finding.At(gateway, $"{path}.tls.credentialName", $"there is no Secret {name}", "");
                }
            }
        }
    }

    /// <summary>Whether a host of the cluster has no Service and no ServiceEntry.</summary>
    public static bool IsUnknown(ClusterEvidence evidence, string host, string @namespace) =>
        IstioChecks.Host(host, @namespace) is var (name, space)
        && !evidence.Services.Any(s => s.Value.Metadata.Name == name && (s.Value.Metadata.Namespace.Length == 0 ? "default" : s.Value.Metadata.Namespace) == space)
        && !evidence.OfKind("ServiceEntry").Any(e => Raw.Texts(e.Root, "spec.hosts").Contains(host));
}
