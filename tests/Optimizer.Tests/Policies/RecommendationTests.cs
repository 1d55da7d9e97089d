using System.Collections.Immutable;
using System.Globalization;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;
using NetPulse.Optimizer.Policies.Recommendation;

namespace NetPulse.Optimizer.Tests.Policies;

public sealed class RecommendationTests
{
    private static readonly DateTimeOffset Monday = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    private static readonly PolicyInputs Shop = Manifest.Read(Manifest.Shop);

    [Fact]
    public void What_was_seen_is_allowed_for_every_pod_of_the_workload_and_nothing_else()
    {
        var (recommendation, engine) = Recommend([Flow("shop/web", "shop/db", 5432)]);
        Assert.True(engine.Can("shop/web", "shop/db", 5432));
        Assert.False(engine.Can("shop/web", "shop/db", 80));
        Assert.False(engine.Can("mon/prom", "shop/db", 5432));
        Assert.False(engine.Can("shop/db", "shop/web", 8080));
        Assert.Empty(recommendation.Replay.Broken);
        Assert.True(recommendation.Replay.DeniedAfter > recommendation.Replay.DeniedBefore);
        Assert.All(recommendation.Policies, static p => Assert.Equal(["Ingress", "Egress"], p.Spec.PolicyTypes));
    }

    [Fact]
    public void A_call_to_a_service_is_allowed_to_the_pods_behind_it_on_their_port()
    {
        var service = new Service
        {
            Metadata = new ObjectMeta { Namespace = "shop", Name = "web" },
            Spec = new ServiceSpec { ClusterIP = "10.96.0.7", Selector = new Dictionary<string, string> { ["app"] = "web" }, Ports = [new ServicePort { Port = 80, TargetPort = "http" }] },
        };
        var (_, engine) = Recommend([Flow("mon/prom", "10.96.0.7", 80)], services: [service]);
        Assert.True(engine.Can("mon/prom", "shop/web", 8080));
        Assert.False(engine.Can("mon/prom", "shop/web", 80));
    }

    [Fact]
    public void A_pod_of_the_host_network_is_allowed_by_the_address_of_its_node_and_flagged()
    {
        var (recommendation, engine) = Recommend([Flow("mon/agent", "shop/db", 5432)]);
        Assert.True(engine.Can("172.18.0.1", "shop/db", 5432));
        Assert.False(engine.Can("172.18.0.3", "shop/db", 5432));
        Assert.Contains(recommendation.Flags, static f => f is { Code: RecommendationFlags.HostNetwork, NeedsReview: true });
    }

    [Fact]
    public void A_scanner_is_not_let_in_where_it_knocked_once_on_an_open_door()
    {
        var knocks = new[] { 22, 23, 3306, 8080, 9200 }.Select(static port => Flow("mon/prom", "shop/web", port, count: 1));
        var (recommendation, engine) = Recommend([.. knocks, Flow("shop/web", "shop/db", 5432)]);
        Assert.False(engine.Can("mon/prom", "shop/web", 8080));
        Assert.Contains(recommendation.Flags, static f => f is { Code: RecommendationFlags.Scan, NeedsReview: true });
    }

    [Fact]
    public void A_job_that_has_ended_may_do_the_same_when_it_comes_again()
    {
        var job = new Pod
        {
            Metadata = new ObjectMeta { Namespace = "shop", Name = "backup-1-x", Labels = new Dictionary<string, string> { ["app"] = "backup", ["job-name"] = "backup-1" } },
            Status = new PodStatus { Phase = PodStatus.Succeeded, PodIP = "10.0.9.9" },
        };
        var again = job with { Metadata = job.Metadata with { Name = "backup-2-y", Labels = new Dictionary<string, string> { ["app"] = "backup", ["job-name"] = "backup-2" } }, Status = new PodStatus { Phase = "Running", PodIP = "10.0.9.10" } };
        var cluster = Shop with { Pods = [.. Shop.Pods, job] };
        var recommendation = PolicyRecommendation.Of(
            new RecommendationInputs(cluster, [], new Dictionary<string, string> { ["shop/backup-1-x"] = "Job/backup-1" }, [Flow("shop/backup-1-x", "shop/db", 5432)]), new RecommendationOptions { Namespaces = ["shop"] });
        Assert.Empty(recommendation.Replay.Broken);
        var engine = PolicyEngine.Build(cluster with { Pods = [.. cluster.Pods, again], NetworkPolicies = [.. recommendation.Policies] });
        Assert.True(engine.Can("shop/backup-2-y", "shop/db", 5432));
        Assert.False(engine.Can("shop/backup-2-y", "shop/web", 8080));
    }

    [Fact]
    public void Callers_from_outside_come_by_every_node_where_a_load_balancer_offers_the_port_and_only_there()
    {
        var service = new Service
        {
            Metadata = new ObjectMeta { Namespace = "shop", Name = "web" },
            Spec = new ServiceSpec { Type = ServiceSpec.LoadBalancer, Selector = new Dictionary<string, string> { ["app"] = "web" }, Ports = [new ServicePort { Port = 80, TargetPort = "http" }] },
        };
        var (_, engine) = Recommend([Flow("172.18.0.2", "shop/web", 8080), Flow("198.51.100.7", "shop/web", 9999)], services: [service]);
        Assert.All(Shop.Nodes.SelectMany(static n => n.Status.Addresses), address => Assert.True(engine.Can(address.Address, "shop/web", 8080)));
        Assert.False(engine.Can("203.0.113.77", "shop/web", 9999));
    }

    [Fact]
    public void The_kubelets_probes_need_no_rule()
    {
        var (recommendation, _) = Recommend([Flow("172.18.0.1", "shop/web", 8080), Flow("shop/web", "shop/db", 5432)]);
        Assert.DoesNotContain(recommendation.Policies.SelectMany(static p => p.Spec.Ingress).SelectMany(static r => r.From), static p => p.IpBlock is not null);
    }

    [Fact]
    public void Callers_of_a_load_balancer_come_from_everywhere_but_not_from_other_pods()
    {
        var service = new Service
        {
            Metadata = new ObjectMeta { Namespace = "shop", Name = "web" },
            Spec = new ServiceSpec { Type = ServiceSpec.LoadBalancer, Selector = new Dictionary<string, string> { ["app"] = "web" }, Ports = [new ServicePort { Port = 443, TargetPort = 8080 }] },
        };
        var (recommendation, engine) = Recommend([Flow("198.51.100.4", "shop/web", 8080)], services: [service]);
        Assert.True(engine.Can("203.0.113.77", "shop/web", 8080));
        Assert.False(engine.Can("mon/prom", "shop/web", 8080));
        Assert.Contains(recommendation.Flags, static f => f.Code == RecommendationFlags.PublicIngress);
    }

    [Fact]
    public void What_was_dropped_scanned_or_tried_once_is_not_allowed_and_said()
    {
        List<ObservedFlow> flows = [Flow("shop/web", "shop/db", 5432), Flow("mon/prom", "shop/web", 8080) with { Verdict = FlowVerdict.Dropped }, Flow("shop/db", "shop/web", 2222, count: 1)];
        flows.AddRange(Enumerable.Range(1, 30).Select(static port => Flow("mon/prom", "shop/db", port, count: 1)));
        var (recommendation, engine) = Recommend(flows);
        Assert.True(engine.Can("shop/web", "shop/db", 5432));
        Assert.False(engine.Can("mon/prom", "shop/web", 8080));
        Assert.False(engine.Can("shop/db", "shop/web", 2222));
        Assert.False(engine.Can("mon/prom", "shop/db", 17));
        Assert.Superset(new HashSet<string> { RecommendationFlags.Dropped, RecommendationFlags.Scan, RecommendationFlags.OneOff }, recommendation.Flags.Select(static f => f.Code).ToHashSet());
    }

    [Fact]
    public void Answers_alone_tell_of_the_connection_that_they_answer()
    {
        var (_, engine) = Recommend([Flow("shop/db", "shop/web", 43210) with { SourcePort = 5432 }]);
        Assert.True(engine.Can("shop/web", "shop/db", 5432));
        Assert.False(engine.Can("shop/db", "shop/web", 43210));
    }

    [Fact]
    public void Neighbouring_addresses_become_one_block_and_strangers_do_not()
    {
        var flows = Enumerable.Range(16, 14).Select(static last => Flow("shop/web", $"203.0.113.{last}", 443)).Append(Flow("shop/web", "198.51.100.7", 443));
        var (recommendation, engine) = Recommend(flows);
        var blocks = recommendation.Policies.SelectMany(static p => p.Spec.Egress).SelectMany(static r => r.To).Select(static p => p.IpBlock?.Cidr).OfType<string>();
        Assert.Equal(["198.51.100.7/32", "203.0.113.16/28"], blocks.Order());
        Assert.False(engine.Can("shop/web", "203.0.113.32", 443));
        Assert.False(engine.Can("shop/web", "203.0.113.20", 80));
    }

    [Fact]
    public void A_block_never_holds_an_address_of_the_cluster()
    {
        // 10.0.0.1 and 10.0.0.2 are pods.
        var flows = Enumerable.Range(0, 16).Where(static last => last is not (1 or 2)).Select(static last => Flow("shop/web", $"10.0.0.{last}", 443));
        var (_, engine) = Recommend(flows);
        Assert.False(engine.Can("shop/web", "shop/db", 443));
        Assert.True(engine.Can("shop/web", "10.0.0.15", 443));
    }

    [Fact]
    public void A_flow_of_a_pod_that_is_gone_is_told_and_its_address_is_not_mistaken_for_the_pod_that_has_it_now()
    {
        var flow = Flow("shop/old", "shop/db", 5432) with { Source = new FlowEnd("shop/old", Address("10.0.1.1")) };
        var (recommendation, engine) = Recommend([flow]);
        Assert.False(engine.Can("mon/prom", "shop/db", 5432));
        Assert.Contains(recommendation.Flags, static f => f is { Code: RecommendationFlags.UnknownPod, NeedsReview: true });
    }

    [Fact]
    public void A_name_is_asked_over_both_protocols_also_by_workloads_that_had_it_cached()
    {
        var dns = Manifest.Read(
            Manifest.Shop +
            """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: coredns, namespace: kube-system, labels: {k8s-app: kube-dns}}
            spec: {containers: [{name: c, ports: [{name: dns, containerPort: 53, protocol: UDP}]}]}
            status: {podIP: 10.0.9.9}
            """);
        var (_, engine) = Recommend([Flow("shop/web", "shop/db", 5432)], dns);
        Assert.True(engine.Can("shop/web", "kube-system/coredns", 53, TransportProtocol.Udp));
        Assert.True(engine.Can("shop/web", "kube-system/coredns", 53));
        Assert.False(engine.Can("shop/db", "kube-system/coredns", 53, TransportProtocol.Udp));
    }

    [Fact]
    public void Nothing_seen_means_nothing_allowed_and_that_is_said()
    {
        var (recommendation, engine) = Recommend([]);
        Assert.False(engine.Can("shop/web", "shop/db", 5432));
        Assert.Contains(recommendation.Flags, static f => f is { Code: RecommendationFlags.NoFlows, Subject: "shop/web", NeedsReview: true });
        Assert.Equal(Confidence.Low, recommendation.Coverage.Confidence);
    }

    [Fact]
    public void A_million_flows_of_a_thousand_kinds_are_the_same_as_one_of_each()
    {
        var kinds = Enumerable.Range(0, 1000).Select(static i => Flow("shop/web", $"198.51.{i / 250}.{i % 250}", 443)).ToList();
        var (once, _) = Recommend(kinds);
        var (often, _) = Recommend(Enumerable.Range(0, 20).SelectMany(_ => kinds));
        Assert.Equal(once.Policies.Select(static p => PolicyManifest.Of(p).ToJsonString()), often.Policies.Select(static p => PolicyManifest.Of(p).ToJsonString()));
    }

    [Fact]
    public void Rules_that_can_be_joined_are_joined_without_a_change_of_meaning()
    {
        var rules = string.Join(", ", Enumerable.Range(1, 12).Select(static port => $"{{from: [{{podSelector: {{matchLabels: {{app: web}}}}}}], ports: [{{port: {port}}}]}}"));
        var inputs = Manifest.Read($"{Manifest.Shop}---\n{Manifest.Policy("p", $"{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{rules}, {{from: [{{namespaceSelector: {{}}}}], ports: [{{port: 80}}]}}]}}")}");
        var simplified = Assert.Single(PolicySimplification.Of(inputs));
        Assert.Equal((13, 2), (simplified.Before, simplified.After));
        Assert.Empty(Difference.Between(PolicyEngine.Build(inputs), PolicyEngine.Build(inputs with { NetworkPolicies = [simplified.Policy] })).Changes);
    }

    [Fact]
    public void A_change_of_policies_is_told_by_the_flows_that_it_breaks_the_last_seen_first()
    {
        var strict = Manifest.ShopUnder("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]}");
        var late = Flow("mon/prom", "shop/db", 80) with { LastSeen = Monday.AddDays(9) };
        var impact = FlowImpact.Of(PolicyEngine.Build(Shop), strict, [Flow("mon/prom", "shop/db", 5432), late, Flow("shop/web", "shop/db", 5432), Flow("shop/gone", "shop/db", 80)]);
        Assert.Equal([80, 5432], impact.Broken.Select(static b => b.Flow.DestinationPort));
        Assert.Contains("isolated by NetworkPolicy shop/p", impact.Broken[0].Verdict.ToString(), StringComparison.Ordinal);
        Assert.Empty(impact.LetThrough);
        Assert.Equal(1, impact.Unknown);
    }

    private static (PolicyRecommendation Recommendation, PolicyEngine Engine) Recommend(IEnumerable<ObservedFlow> flows, PolicyInputs? cluster = null, ImmutableArray<Service>? services = null)
    {
        cluster ??= Shop;
        var recommendation = PolicyRecommendation.Of(
            new RecommendationInputs(cluster, services ?? [], new Dictionary<string, string>(), flows), new RecommendationOptions { Namespaces = ["shop"] });
        return (recommendation, PolicyEngine.Build(cluster with { NetworkPolicies = [.. cluster.NetworkPolicies, .. recommendation.Policies] }));
    }

    private static ObservedFlow Flow(string from, string to, int port, int count = 100) =>
        new("TCP", End(from), End(to), 0, port, count, Monday, Monday.AddDays(8), FlowVerdict.Forwarded);

    private static FlowEnd End(string text) => IpValue.TryParse(text, out var address) ? new FlowEnd("", address) : new FlowEnd(text, null);

    private static IpValue Address(string text) => IpValue.TryParse(text, out var address) ? address : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{text} is no address"));
}
