using System.Globalization;
using System.Text.Json.Nodes;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>DN001 to DN021: CoreDNS.</summary>
internal static class DnsChecks
{
    private const int LongestCacheSeconds = 3600;
    private const int LowestConcurrency = 1000;
    private const int DefaultNdots = 5;
    private const int ManySearchDomains = 4;

    /// <summary>The plugins that CoreDNS is built with (its plugin.cfg), and those that Kubernetes distributions add.</summary>
    private static readonly HashSet<string> Plugins = new(StringComparer.Ordinal)
    {
        "acl", "any", "auto", "autopath", "azure", "bind", "bufsize", "cache", "cancel", "chaos", "clouddns", "debug", "dns64", "dnssec", "dnstap", "erratic", "errors",
        "etcd", "file", "forward", "geoip", "grpc", "header", "health", "hosts", "import", "k8s_external", "kubernetes", "loadbalance", "local", "log", "loop", "maxdns",
        "metadata", "minimal", "multisocket", "nomad", "nsid", "pprof", "prometheus", "quic", "ready", "reload", "rewrite", "root", "route53", "secondary", "sign", "template", "timeouts", "tls", "trace",
        "transfer", "tsig", "view", "whoami", "federation", "proxy", "startup", "shutdown", "on", "alternate", "fallback", "kubernetai", "ads", "mdns", "unbound", "ocp_dnsnameresolver",
    };

    private static readonly string[] Loopbacks = ["127.0.0.1", "::1", "[::1]", "127.0.0.53"];

    public static readonly IReadOnlyList<Check> All =
    [
        new("DN001", Severity.Error, "The Corefile cannot be read: CoreDNS silently goes on with the old one", "Correct it; until then the last Corefile that could be read is in force.", Evidence.Corefile, static e => e.Corefiles.SelectMany(Unreadable)),
        new("DN002", Severity.Error, "Queries are forwarded to CoreDNS itself", "Forward to the real upstream servers.", Evidence.Corefile, static e => Each(e, "forward", static (_, forward) =>
            forward.Arguments.Skip(1).FirstOrDefault(to => Loopbacks.Contains(Host(to))) is { } loop ? $"forward to {loop}" : null, "forward to the real upstream servers").Concat(
            from node in e.NodeStates
            from server in node.Resolvers
            where server.StartsWith("127.", StringComparison.Ordinal) || server == "::1"
            from finding in Each(e, "forward", (block, forward) => !block.Has("bind") && forward.Arguments.Skip(1).Contains("/etc/resolv.conf") ? $"forward to /etc/resolv.conf, which on {node.Name} names {server}" : null, "forward to the real upstream servers, or give the kubelet a resolvConf without a loopback address")
            select finding)),
        new("DN003", Severity.Warning, "Without loop a forwarding loop is not noticed", "Add loop.", Evidence.Corefile, static e => Missing(e, "loop", static b => b.Has("forward"), "add loop")),
        new("DN004", Severity.Warning, "Answers are not cached, or far too long", "Add cache 30.", Evidence.Corefile, static e =>
            Missing(e, "cache", static b => b.Has("forward"), "add cache 30").Concat(Each(e, "cache", static (_, cache) => Seconds(cache) is 0 or > LongestCacheSeconds ? $"cache {string.Join(' ', cache.Arguments)}" : null, "cache 30"))),
        new("DN005", Severity.Warning, "The kubelet's probes have nobody to ask", "Add ready and health { lameduck 5s }.", Evidence.Corefile, static e =>
            Missing(e, "ready", static b => b.Has("kubernetes"), "add ready").Concat(Missing(e, "health", static b => b.Has("kubernetes"), "add health { lameduck 5s }"))),
        new("DN006", Severity.Warning, "Errors are not logged", "Add errors.", Evidence.Corefile, static e => Missing(e, "errors", static _ => true, "add errors")),
        new("DN007", Severity.Warning, "Every query is logged", "Remove log, or limit it to a class.", Evidence.Corefile, static e => Each(e, "log", static (_, log) => log.Inner.Any(static i => i.Name == "class" && !i.Arguments.Contains("all")) ? null : "log", "remove log, or limit it: log . { class error }")),
        new("DN008", Severity.Warning, "A changed Corefile takes effect only after a restart", "Add reload.", Evidence.Corefile, static e => Missing(e, "reload", static b => b.Has("kubernetes"), "add reload")),
        new("DN009", Severity.Error, "The cluster's zone is not the one that the kubelets tell their pods", "State the kubelets' clusterDomain as the zone.", Evidence.Corefile | Evidence.KubeletConfiguration, static e =>
            from domain in e.OfKind("KubeletConfiguration").Select(static k => $"{k.Root["clusterDomain"]}".TrimEnd('.')).Where(static d => d.Length > 0).Distinct(StringComparer.Ordinal)
            from found in Kubernetes(e)
            where !found.Directive.Arguments.Any(zone => zone.TrimEnd('.') == domain)
            select Finding.In(found.Source, "kubernetes", found.Directive.Line, $"kubernetes {string.Join(' ', found.Directive.Arguments)}, clusterDomain: {domain}", $"kubernetes {domain} in-addr.arpa ip6.arpa")),
        new("DN010", Severity.Warning, "Reverse zones are missing, so that look-ups of addresses flood the upstream", "Add in-addr.arpa ip6.arpa to the zones.", Evidence.Corefile, static e =>
            from found in Kubernetes(e)
            let missing = new[] { "in-addr.arpa", "ip6.arpa" }.Except(found.Directive.Arguments).ToList()
            where found.Directive.Arguments.Length > 0 && missing.Count > 0 && !found.Directive.Arguments.Any(static a => a.EndsWith("in-addr.arpa", StringComparison.Ordinal) && a.Length > 12)
            select Finding.In(found.Source, "kubernetes", found.Directive.Line, $"without {string.Join(", ", missing)}", "add in-addr.arpa ip6.arpa to the zones")),
        new("DN011", Severity.Warning, "Reverse zones without fallthrough swallow what other plugins know", "Add fallthrough in-addr.arpa ip6.arpa.", Evidence.Corefile, static e =>
            from found in Kubernetes(e)
            let inner = found.Directive.Inner
            where found.Directive.Arguments.Contains("in-addr.arpa") && !inner.Any(static i => i.Name == "fallthrough")
            select Finding.In(found.Source, "kubernetes", found.Directive.Line, "no fallthrough", "add fallthrough in-addr.arpa ip6.arpa")),
        new("DN012", Severity.Warning, "One DNS pod, or all of them on one node: names end with it", "Run two at least, on different nodes, with a PodDisruptionBudget.", Evidence.Pods, static e => Replicas(e)),
        new("DN013", Severity.Warning, "Each look-up of an outside name asks for every search domain first", "Set ndots to 2, or write outside names with a dot at the end.", Evidence.Pods, static e =>
            from pod in e.OfKind("Pod")
            let ndots = Ndots(pod.Root)
            let searches = pod.Root["spec"]?["dnsConfig"]?["searches"] as JsonArray
            where ndots >= DefaultNdots && searches is { Count: >= ManySearchDomains }
            select Finding.At(pod, "spec.dnsConfig", $"ndots {ndots}, {searches.Count} search domains beside the cluster's", "set ndots to 2, or write outside names with a dot at the end")),
        new("DN014", Severity.Warning, "Few queries may wait for the upstream at a time", "Raise max_concurrent to 1000.", Evidence.Corefile, static e => Each(e, "forward", static (_, forward) =>
            forward.Inner.FirstOrDefault(static i => i.Name == "max_concurrent") is { Arguments: [var text, ..] } && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most is > 0 and < LowestConcurrency
                ? $"max_concurrent {most}" : null, "max_concurrent 1000")),
        new("DN015", Severity.Warning, "There is only one upstream server, or the DNS pods may not reach it", "State a second upstream server, and allow it in the policies of the DNS pods.", Evidence.Corefile, static e => Upstreams(e)),
        new("DN016", Severity.Error, "The DNS Service leads to no pod, or not to the address that pods are told", "Correct the selector or the address, or start the DNS pods.", Evidence.Services | Evidence.Pods, static e => ServiceOf(e)),
        new("DN017", Severity.Warning, "A zone stands in two server blocks: one of them never answers", "Make one block of them.", Evidence.Corefile, static e =>
            from file in Read(e)
            from same in file.Corefile.Blocks.SelectMany(static b => b.Zones.Select(zone => (Zone: Zone(zone), Block: b))).GroupBy(static z => z.Zone, StringComparer.Ordinal)
            where same.Count() > 1 && !same.Any(static z => z.Block.Has("bind") || z.Block.Has("view"))
            select Finding.In(file.Source, same.Key, same.Last().Block.Line, $"{same.Key} stands in {same.Count()} blocks", "make one block of them")),
        new("DN018", Severity.Warning, "A rewritten name is not written back: answers do not match the question", "Add answer auto.", Evidence.Corefile, static e => Each(e, "rewrite", static (_, rewrite) =>
            rewrite.Arguments.Contains("name") && (rewrite.Arguments.Contains("regex") || rewrite.Arguments.Contains("suffix") || rewrite.Arguments.Contains("prefix") || rewrite.Arguments.Contains("substring"))
            && !rewrite.Arguments.Contains("answer") && !rewrite.Inner.Any(static i => i.Name == "answer" || (i.Name == "name" && i.Arguments.Contains("answer")))
                ? $"rewrite {string.Join(' ', rewrite.Arguments)}" : null, "add answer auto")),
        new("DN019", Severity.Warning, "A plugin without fallthrough swallows its zone", "Add fallthrough.", Evidence.Corefile, static e =>
            from name in new[] { "hosts", "template" }
            from finding in Each(e, name, (block, found) => !found.Inner.Any(static i => i.Name == "fallthrough") && (block.Has("forward") || block.Has("kubernetes")) ? $"{name} without fallthrough" : null, "add fallthrough")
            select finding),
        new("DN020", Severity.Info, "There are no metrics of DNS", "Add prometheus :9153.", Evidence.Corefile, static e => Missing(e, "prometheus", static b => b.Has("kubernetes"), "add prometheus :9153")),
        new("DN021", Severity.Warning, "Queries over UDP are lost in connection tracking and time out after 5 s", "Run NodeLocal DNSCache, which asks over TCP.", Evidence.NodeCounters, static e =>
            from node in e.NodeStates
            let failed = node.Counters.GetValueOrDefault("nf_conntrack.insert_failed")
            where failed > 0 && !e.OfKind("DaemonSet").Any(static d => d.Root["metadata"]?["name"]?.ToString() is "node-local-dns" or "nodelocaldns")
            select Finding.Of($"Node {node.Name}", $"{failed} insertions into connection tracking failed, and there is no NodeLocal DNSCache", "")),
    ];

    private static IEnumerable<(string Source, Corefile Corefile)> Read(ClusterEvidence evidence)
    {
        foreach (var file in evidence.Corefiles)
        {
            Corefile? read = null;
            try
            {
                read = Corefile.Parse(file.Text);
            }
            catch (FormatException)
            {
                // DN001 tells it.
            }

            if (read is not null)
            {
                yield return (file.Source, read);
            }
        }
    }

    private static IEnumerable<Finding> Unreadable(CorefileText file)
    {
        Corefile read;
        try
        {
            read = Corefile.Parse(file.Text);
        }
        catch (FormatException e)
        {
            return [Finding.In(file.Source, "", 0, e.Message, "correct it; until then the last one that could be read is in force")];
        }

        return from block in read.Blocks
               from directive in block.Directives
               where !Plugins.Contains(directive.Name)
               select Finding.In(file.Source, directive.Name, directive.Line, $"{directive.Name} is no plugin", "correct the name; until then the last Corefile that could be read is in force");
    }

    private static IEnumerable<Finding> Missing(ClusterEvidence evidence, string plugin, Func<CorefileBlock, bool> concerns, string fix) =>
        from file in Read(evidence)
        from block in file.Corefile.Blocks
        where concerns(block) && !block.Has(plugin)
        select Finding.In(file.Source, string.Join(' ', block.Zones), block.Line, $"{string.Join(' ', block.Zones)} has no {plugin}", fix);

    private static IEnumerable<Finding> Each(ClusterEvidence evidence, string plugin, Func<CorefileBlock, CorefileDirective, string?> isWrong, string fix) =>
        from file in Read(evidence)
        from block in file.Corefile.Blocks
        from directive in block.Named(plugin)
        let seen = isWrong(block, directive)
        where seen is not null
        select Finding.In(file.Source, plugin, directive.Line, seen, fix);

    private static IEnumerable<(string Source, CorefileDirective Directive)> Kubernetes(ClusterEvidence evidence) =>
        from file in Read(evidence)
        from block in file.Corefile.Blocks
        from directive in block.Named("kubernetes")
        select (file.Source, directive);

    /// <summary>Null without a stated time: CoreDNS takes an hour at most.</summary>
    private static int? Seconds(CorefileDirective cache) =>
        cache.Arguments.Length > 0 && int.TryParse(cache.Arguments[0], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : null;

    private static string Host(string server)
    {
        var bare = server.Contains("://", StringComparison.Ordinal) ? server[(server.IndexOf("://", StringComparison.Ordinal) + 3)..] : server;
        return bare.Count(static c => c == ':') == 1 ? bare[..bare.IndexOf(':', StringComparison.Ordinal)] : bare;
    }

    private static bool IsAddress(string text) => IpValue.TryParse(text, out _);

    /// <summary>With its port, which is 53 unless stated.</summary>
    private static string Zone(string zone) => zone.Contains(':', StringComparison.Ordinal) ? zone : $"{zone}:53";

    private static int Ndots(JsonObject pod) => (pod["spec"]?["dnsConfig"]?["options"] as JsonArray ?? []).OfType<JsonObject>()
        .Where(static o => $"{o["name"]}" == "ndots").Select(static o => int.TryParse($"{o["value"]}", NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : DefaultNdots).DefaultIfEmpty(DefaultNdots).First();

    private static IEnumerable<Finding> Replicas(ClusterEvidence evidence)
    {
        var servers = evidence.DnsServers().ToList();

        // A Deployment stands for one pod whatever its replicas are.
        var workload = evidence.OfKind("Deployment").FirstOrDefault(d => servers.Exists(s => s.Metadata.Name == d.Name() && s.Metadata.Namespace == d.Namespace()));
        if (workload is not null && servers.Count == 1)
        {
            return (workload.Number("spec.replicas") ?? 1) < 2
                ? [Finding.At(workload, "spec.replicas", "one replica", "run two at least, on different nodes", PatchOperation.Set("spec.replicas", 2))]
                : [];
        }

        var nodes = servers.Select(static s => s.Spec.NodeName).Where(static n => n.Length > 0).Distinct(StringComparer.Ordinal).Count();
        return servers.Count switch
        {
            0 => [],
            1 => [Finding.Of($"Pod {NetworkPolicyInventoryChecks.Name(servers[0])}", "it is the only DNS pod", "run two at least, on different nodes")],
            _ when nodes == 1 => [Finding.Of("DNS pods", $"all {servers.Count} are on node {servers[0].Spec.NodeName}", "spread them over nodes (topologySpreadConstraints)")],
            _ => [],
        };
    }

    private static IEnumerable<Finding> Upstreams(ClusterEvidence evidence)
    {
        foreach (var finding in Each(evidence, "forward", static (block, forward) =>
            !block.Has("bind") && forward.Arguments.Length == 2 && IsAddress(Host(forward.Arguments[1])) && !Loopbacks.Contains(Host(forward.Arguments[1])) ? $"only {forward.Arguments[1]}" : null, "state a second upstream server"))
        {
            yield return finding;
        }

        var upstreams = from found in Read(evidence)
                        from block in found.Corefile.Blocks
                        from forward in block.Named("forward")
                        from to in forward.Arguments.Skip(1)
                        where IsAddress(Host(to)) && !Loopbacks.Contains(Host(to))
                        select (found.Source, forward.Line, To: Host(to));
        foreach (var (source, line, to) in upstreams)
        {
            var server = evidence.DnsServers().Where(Party.IsManaged).Select(evidence.PartyOf).OfType<Party>().FirstOrDefault();
            if (server is not null && IpValue.TryParse(to, out var address) && !evidence.Engine.Ask(server, evidence.Engine.At(address), TransportProtocol.Udp, 53).Egress.IsAllowed)
            {
                yield return Finding.In(source, "forward", line, $"{server.Name} may not send to {to}", "allow it in the policies of the DNS pods");
            }
        }
    }

    private static IEnumerable<Finding> ServiceOf(ClusterEvidence evidence)
    {
        var told = evidence.OfKind("KubeletConfiguration").SelectMany(static k => (k.Root["clusterDNS"] as JsonArray ?? []).Select(static a => $"{a}")).ToHashSet(StringComparer.Ordinal);
        foreach (var service in evidence.Services.Where(static s => s.Value.Metadata.Name is "kube-dns" or "coredns" or "rke2-coredns-rke2-coredns" && s.Value.Spec.Ports.Any(static p => p.Port == 53)))
        {
            if (!evidence.Inputs.Pods.Any(pod => Party.IsManaged(pod) && Selection.IsBehind(pod, service.Value)))
            {
                yield return Finding.At(service.Source, "spec.selector", "it selects no running pod", "correct the selector, or start the DNS pods");
            }

            if (told.Count > 0 && !told.Contains(service.Value.Spec.ClusterIP) && !told.Any(static a => a.StartsWith("169.254.", StringComparison.Ordinal)))
            {
                yield return Finding.At(service.Source, "spec.clusterIP", $"{service.Value.Spec.ClusterIP}, the kubelets tell {string.Join(", ", told)}", "make the two the same");
            }
        }
    }
}
