using System.Globalization;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>NP052 to NP055: who must be able to reach whom for the cluster's own services to work.</summary>
internal static class ReachChecks
{
    private const string NameLabel = "app.kubernetes.io/name";

    private static readonly string[] ControllerNames = ["ingress-nginx", "nginx-ingress", "traefik", "haproxy-ingress", "contour", "kong", "envoy-gateway", "istio-ingressgateway"];

    private static readonly string[] ControlPlaneLabels = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

    public static IEnumerable<Finding> Ingresses(ClusterEvidence evidence)
    {
        var controllers = evidence.Inputs.Pods.Where(static p => Party.IsManaged(p) && Has(p, ControllerNames)).Select(evidence.PartyOf).OfType<Party>().ToList();
        return controllers.Count == 0 ? [] :
            from ingress in evidence.OfKind("Ingress")
            let @namespace = $"{ingress.Root["metadata"]?["namespace"] ?? "default"}"
            from backend in Backends(ingress)
            from service in evidence.Services
            where service.Value.Metadata.Namespace == @namespace && service.Value.Metadata.Name == backend.Name
            from denied in Denied(evidence, controllers, service.Value, backend.Port)
            select Finding.At(ingress, backend.Path, denied, "allow the ingress controller's namespace and pods on the pods' port");
    }

    public static IEnumerable<Finding> Scrapes(ClusterEvidence evidence)
    {
        var scrapers = evidence.Inputs.Pods.Where(static p => Party.IsManaged(p) && Has(p, ["prometheus"])).Select(evidence.PartyOf).OfType<Party>().ToList();
        return scrapers.Count == 0 ? [] :
            from pod in evidence.Inputs.Pods
            where Party.IsManaged(pod) && pod.Metadata.Annotations.GetValueOrDefault("prometheus.io/scrape") == "true"
            let port = int.TryParse(pod.Metadata.Annotations.GetValueOrDefault("prometheus.io/port"), NumberStyles.None, CultureInfo.InvariantCulture, out var stated)
                ? stated : NetworkPolicyInventoryChecks.ContainerPorts(pod).FirstOrDefault(static p => p.Name is "metrics" or "http-metrics")?.Number ?? 0
            where port > 0 && evidence.PartyOf(pod) is { } target && !scrapers.Exists(s => evidence.Engine.Ask(s, target, TransportProtocol.Tcp, port).IsAllowed)
            select Finding.Of($"Pod {NetworkPolicyInventoryChecks.Name(pod)}", $"{scrapers[0].Name} may not reach its port {port}", "allow the namespace of Prometheus on that port");
    }

    public static IEnumerable<Finding> Webhooks(ClusterEvidence evidence)
    {
        var controlPlane = evidence.Inputs.Nodes.Where(static n => n.Metadata.Labels.Keys.Any(ControlPlaneLabels.Contains)).ToList();
        var callers = (controlPlane.Count > 0 ? controlPlane : [.. evidence.Inputs.Nodes]).SelectMany(static n => n.Status.Addresses)
            .Select(static a => (IsAddress: IpValue.TryParse(a.Address, out var address), Address: address)).Where(static a => a.IsAddress).Select(static a => Party.Of(a.Address)).ToList();
        return callers.Count == 0 ? [] :
            from configuration in evidence.OfKind("ValidatingWebhookConfiguration").Concat(evidence.OfKind("MutatingWebhookConfiguration"))
            from hook in (configuration.Root["webhooks"] as JsonArray ?? []).OfType<JsonObject>().Select(static (h, i) => (Value: h, Path: $"webhooks[{i}].clientConfig.service"))
            let stated = hook.Value["clientConfig"]?["service"]
            where stated is not null
            from service in evidence.Services
            where service.Value.Metadata.Namespace == $"{stated["namespace"]}" && service.Value.Metadata.Name == $"{stated["name"]}"
            from denied in Denied(evidence, callers, service.Value, $"{stated["port"] ?? 443}")
            select Finding.At(configuration, hook.Path, denied, "allow the control plane's addresses on the webhook's port");
    }

    /// <summary>A probe may come from another address than the pod's own node has, where a proxy stands between.</summary>
    public static IEnumerable<Finding> Probes(ClusterEvidence evidence) =>
        from failed in evidence.OfKind("Event")
        where failed.Text("reason") == "Unhealthy" && failed.Text("involvedObject.kind") == "Pod"
        group failed by $"{failed.Text("involvedObject.namespace")}/{failed.Text("involvedObject.name")}" into failures
        let party = evidence.Engine.PodNamed(failures.Key)
        where party?.ManagedPod is not null
        from port in NetworkPolicyInventoryChecks.ContainerPorts(party.ManagedPod!).Take(1)
        let denied = evidence.Inputs.Nodes.SelectMany(static n => n.Status.Addresses).Select(static a => (IsAddress: IpValue.TryParse(a.Address, out var address), Address: address))
            .Where(static a => a.IsAddress).Select(a => evidence.Engine.Ask(Party.Of(a.Address), party, TransportProtocol.Tcp, port.Number)).FirstOrDefault(static v => !v.IsAllowed)
        where denied is not null
        select Finding.Of($"Pod {party.Name}", $"{failures.First().Text("message")}; from a node: {denied}", "allow the nodes' addresses on the probe's port");

    public static IEnumerable<Finding> ApiServer(ClusterEvidence evidence)
    {
        var addresses = evidence.Services.Where(static s => s.Value.Metadata is { Namespace: "default", Name: "kubernetes" })
            .SelectMany(static s => s.Value.Spec.ClusterIPs.Append(s.Value.Spec.ClusterIP)).ToHashSet(StringComparer.Ordinal);
        return from flow in evidence.Flows!.Value
               where flow.Destination.Address is { } address && addresses.Contains(address.ToString()) && flow.Source.Pod.Length > 0
               group flow by flow.Source.Pod into calls
               let pod = evidence.Engine.PodNamed(calls.Key)
               where pod?.ManagedPod is not null
               let call = calls.First()
               let verdict = evidence.Engine.Ask(pod, Party.Of(call.Destination.Address!.Value), TransportProtocol.Tcp, call.DestinationPort)
               where !verdict.IsAllowed
               select Finding.Of($"Pod {pod.Name}", $"it calls the API server, and {verdict.Egress}", "allow the addresses of the API server's endpoints on their port");
    }

    private static bool Has(Pod pod, string[] names) =>
        (pod.Metadata.Labels.TryGetValue(NameLabel, out var name) && names.Contains(name)) || (pod.Metadata.Labels.TryGetValue("app", out var app) && names.Contains(app));

    private static IEnumerable<string> Denied(ClusterEvidence evidence, List<Party> callers, Service service, string port)
    {
        var offered = service.Spec.Ports.FirstOrDefault(p => p.Name == port || p.Port.ToString(CultureInfo.InvariantCulture) == port);
        foreach (var pod in evidence.Inputs.Pods.Where(pod => Party.IsManaged(pod) && Selection.IsBehind(pod, service)).Take(1))
        {
            if (offered is not null && NetworkPolicyInventoryChecks.Target(offered, pod) is { } target && evidence.PartyOf(pod) is { } party
                && callers.TrueForAll(caller => !evidence.Engine.Ask(caller, party, TransportProtocol.Tcp, target).IsAllowed))
            {
                yield return $"{callers[0].Name} may not reach {party.Name} on {target}/TCP: {evidence.Engine.Ask(callers[0], party, TransportProtocol.Tcp, target)}";
            }
        }
    }

    private static IEnumerable<(string Name, string Port, string Path)> Backends(ManifestObject ingress)
    {
        var rules = (ingress.Root["spec"]?["rules"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        for (var i = 0; i < rules.Count; i++)
        {
            var paths = (rules[i]["http"]?["paths"] as JsonArray ?? []).OfType<JsonObject>().ToList();
            for (var j = 0; j < paths.Count; j++)
            {
                if (paths[j]["backend"]?["service"] is JsonObject service)
                {
                    yield return ($"{service["name"]}", $"{service["port"]?["name"] ?? service["port"]?["number"]}", $"spec.rules[{i}].http.paths[{j}].backend");
                }
            }
        }

        if (ingress.Root["spec"]?["defaultBackend"]?["service"] is JsonObject byDefault)
        {
            yield return ($"{byDefault["name"]}", $"{byDefault["port"]?["name"] ?? byDefault["port"]?["number"]}", "spec.defaultBackend");
        }
    }
}
