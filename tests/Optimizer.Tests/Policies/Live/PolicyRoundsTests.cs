using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Policies.Live;
using NetPulse.Optimizer.Policies.Questions;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Workloads;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Policies.Live;

/// <summary>Rounds over a real store and a directory of objects.</summary>
public sealed class PolicyRoundsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly TestClock clock = new(Examples.Now);
    private readonly EmbeddedStore store;
    private readonly PolicyMeter meter = new();
    private readonly DirectoryObjectStore<NetworkRecommendation> recommendations;
    private readonly DirectoryObjectStore<NetworkPolicy> policies;

    public PolicyRoundsTests()
    {
        store = new EmbeddedStore(new EmbeddedStoreOptions { Directory = Path.Combine(folder, "store") }, clock, NullLogger<EmbeddedStore>.Instance);
        recommendations = new DirectoryObjectStore<NetworkRecommendation>(folder, clock, NullLogger<DirectoryObjectStore<NetworkRecommendation>>.Instance);
        policies = new DirectoryObjectStore<NetworkPolicy>(folder, clock, NullLogger<DirectoryObjectStore<NetworkPolicy>>.Instance);
        Directory.CreateDirectory(Path.Combine(folder, "pods"));
        foreach (var app in new[] { "web", "db" })
        {
            ObjectFile.Write(Path.Combine(folder, "pods", $"{app}-0.yaml"), new Pod
            {
                Metadata = new ObjectMeta { Name = $"{app}-0", Namespace = "shop", Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = app } },
                Spec = new PodSpec { Containers = [new Container { Ports = [new ContainerPort { Number = 5432 }] }] },
            });
        }
    }

    public void Dispose()
    {
        store.Dispose();
        meter.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Connections_that_time_out_because_a_policy_denies_them_are_explained_with_the_smallest_change()
    {
        await policies.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = "deny", Namespace = "shop" }, Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Ingressing] } });
        await CountAsync(TcpMetrics.ConnectFailures, "5432", ("reason", "timed-out"));
        await CountAsync(TcpMetrics.ConnectFailures, "81", ("reason", "refused"));
        var rounds = Rounds(OptimizationMode.Observe);
        await rounds.RunAsync(CancellationToken.None);
        var denial = Assert.Single(rounds.Denials);
        Assert.Equal((5432, 3L), (denial.Flow.DestinationPort, denial.Flow.Count));
        Assert.Equal("NetworkPolicy shop/deny", $"{Assert.Single(denial.Verdict.Ingress.Isolating)}");
        Assert.IsAssignableFrom<Remedy>(Assert.Single(denial.Changes));
        Assert.Empty((await recommendations.ListAsync()).Items);
    }

    [Fact]
    public async Task What_policies_allow_was_dropped_by_something_else()
    {
        await policies.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = "allow", Namespace = "shop" }, Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Ingressing], Ingress = [new NetworkPolicyIngressRule()] } });
        await CountAsync(TcpMetrics.ConnectFailures, "5432", ("reason", "timed-out"));
        var rounds = Rounds(OptimizationMode.Observe);
        await rounds.RunAsync(CancellationToken.None);
        Assert.Empty(rounds.Denials);
    }

    [Fact]
    public async Task Datagrams_without_an_answer_that_a_policy_denies_were_dropped()
    {
        await policies.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = "deny", Namespace = "shop" }, Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Egressing] } });
        await CountAsync(UdpMetrics.IoBytes, "514", (LabelNames.Direction, LabelNames.Transmit));
        await CountAsync(UdpMetrics.IoBytes, "53", (LabelNames.Direction, LabelNames.Transmit));
        await CountAsync(UdpMetrics.IoBytes, "53", (LabelNames.Direction, LabelNames.Receive));
        var rounds = Rounds(OptimizationMode.Observe);
        await rounds.RunAsync(CancellationToken.None);
        var denial = Assert.Single(rounds.Denials);
        Assert.Equal(514, denial.Flow.DestinationPort);
        Assert.Contains("datagrams and no answer", $"{denial}", StringComparison.Ordinal);
        Assert.Equal("NetworkPolicy shop/deny", $"{Assert.Single(denial.Verdict.Egress.Isolating)}");
    }

    [Fact]
    public async Task Datagrams_without_an_answer_that_policies_allow_may_be_meant_so()
    {
        await policies.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = "deny", Namespace = "other" }, Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Egressing] } });
        await CountAsync(UdpMetrics.IoBytes, "514", (LabelNames.Direction, LabelNames.Transmit));
        var rounds = Rounds(OptimizationMode.Observe);
        await rounds.RunAsync(CancellationToken.None);
        Assert.Empty(rounds.Denials);
    }

    [Fact]
    public async Task Packets_that_rules_dropped_are_told_by_pod_with_the_policies_that_it_is_under()
    {
        await policies.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = "deny", Namespace = "shop" }, Spec = new NetworkPolicySpec { PodSelector = new LabelSelector { MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = "web" } } } });
        await DropAsync("web-0", "NETFILTER_DROP", "policy", 5);
        await DropAsync("db-0", "TC_INGRESS", "policy", 2);
        await DropAsync("web-0", "NO_SOCKET", "no-receiver", 9);
        var rounds = Rounds(OptimizationMode.Observe);
        await rounds.RunAsync(CancellationToken.None);
        Assert.Equal([("shop/web-0", "NETFILTER_DROP", 5L), ("shop/db-0", "TC_INGRESS", 2L)], rounds.Drops.Select(static d => (d.Pod, d.Reason, d.Packets)));
        Assert.Equal("NetworkPolicy shop/deny", $"{Assert.Single(rounds.Drops[0].Isolating)}");
        Assert.Contains("no policy is about the pod", $"{rounds.Drops[1]}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_seen_becomes_policies_that_people_can_decide_about_each_once()
    {
        await CountAsync(TcpMetrics.IoBytes, "5432", (LabelNames.Direction, LabelNames.Transmit));
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        var proposed = (await recommendations.ListAsync()).Items;
        var db = Assert.Single(proposed, static r => r.Spec!.Change.Manifest.Contains("app: db", StringComparison.Ordinal) && r.Spec.Change.Manifest.Contains("ingress", StringComparison.Ordinal) && r.Spec.Target.Name.Contains("db", StringComparison.Ordinal));
        Assert.Contains("5432", db.Spec!.Change.Manifest, StringComparison.Ordinal);
        Assert.Contains("conversations come about", db.Spec.Reason, StringComparison.Ordinal);
        Assert.Equal(ApprovalDecision.Pending, db.Spec.Approval);

        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        Assert.Equal(proposed.Length, (await recommendations.ListAsync()).Items.Length);
        Assert.Empty((await policies.ListAsync()).Items);
    }

    [Fact]
    public async Task A_pod_always_reaches_its_own_node_and_a_services_address_is_the_pods_behind_it()
    {
        Write("pods/web-0", "{apiVersion: v1, kind: Pod, metadata: {name: web-0, namespace: shop, labels: {app: web}}, spec: {nodeName: n1}}");
        Write("nodes/n1", "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 172.18.0.1}]}}");
        Write("nodes/n2", "{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {addresses: [{type: InternalIP, address: 172.18.0.2}]}}");
        Write("services/db", "{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: {clusterIP: 10.96.0.9, selector: {app: db}, ports: [{port: 80, targetPort: 5432}]}}");
        await policies.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = "deny", Namespace = "shop" }, Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Egressing] } });
        await CountAsync(TcpMetrics.ConnectFailures, "9100", (LabelNames.Reason, "timed-out"), WorkloadIdentity.Host);
        await CountAsync(TcpMetrics.ConnectFailures, "9100", (LabelNames.Reason, "timed-out"), new WorkloadIdentity("", "n2", ""));
        await CountAsync(TcpMetrics.IoBytes, "80", (LabelNames.Direction, LabelNames.Transmit), new WorkloadIdentity("shop", "db", ""));
        var rounds = Rounds(OptimizationMode.Propose);
        await rounds.RunAsync(CancellationToken.None);
        Assert.Equal("172.18.0.2", $"{Assert.Single(rounds.Denials).Flow.Destination.Address}");
        var manifests = (await recommendations.ListAsync()).Items.Select(static r => r.Spec!.Change.Manifest).ToList();
        Assert.Contains(manifests, static m => m.Contains("5432", StringComparison.Ordinal));
        Assert.DoesNotContain(manifests, static m => m.Contains("10.96.0.9", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_to_a_service_that_ends_in_vain_was_denied_by_the_policies_of_any_pod_behind_it()
    {
        Write("pods/db-1", "{apiVersion: v1, kind: Pod, metadata: {name: db-1, namespace: shop, labels: {app: db, shard: b}}, spec: {}}");
        Write("services/db", "{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: {clusterIP: 10.96.0.9, selector: {app: db}, ports: [{port: 80, targetPort: 5432}]}}");
        await policies.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = "deny", Namespace = "shop" }, Spec = new NetworkPolicySpec { PodSelector = Labelled("shard", "b"), PolicyTypes = [NetworkPolicySpec.Ingressing] } });
        await CountAsync(TcpMetrics.ConnectFailures, "80", (LabelNames.Reason, "timed-out"), new WorkloadIdentity("shop", "db", ""));
        var rounds = Rounds(OptimizationMode.Observe);
        await rounds.RunAsync(CancellationToken.None);
        Assert.Equal("shop/web-0 -> shop/db-1 5432/TCP", $"{Assert.Single(rounds.Denials).Flow}");
    }

    [Fact]
    public async Task An_application_that_gives_up_before_the_kernel_does_was_denied_as_well()
    {
        await policies.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = "deny", Namespace = "shop" }, Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Ingressing] } });
        await CountAsync(TcpMetrics.ConnectFailures, "5432", ("reason", "other"));
        var rounds = Rounds(OptimizationMode.Observe);
        await rounds.RunAsync(CancellationToken.None);
        Assert.Equal(3, Assert.Single(rounds.Denials).Flow.Count);
    }

    [Fact]
    public async Task A_counter_that_comes_up_between_readings_of_its_node_rose_from_nothing()
    {
        await policies.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = "deny", Namespace = "shop" }, Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Ingressing] } });
        await CountAsync(TcpMetrics.ConnectFailures, "81", ("reason", "timed-out"), null, LabelNames.Client, "web-0", 1, 1);
        await CountAsync(TcpMetrics.ConnectFailures, "5432", ("reason", "timed-out"), null, LabelNames.Client, "web-0", 1, 1);
        var rounds = Rounds(OptimizationMode.Observe);
        await rounds.RunAsync(CancellationToken.None);
        Assert.Equal((5432, 1L), (Assert.Single(rounds.Denials).Flow.DestinationPort, rounds.Denials[0].Flow.Count));
    }

    [Fact]
    public async Task The_side_that_listens_tells_of_callers_without_a_collector()
    {
        await CountAsync(TcpMetrics.IoBytes, "5432", (LabelNames.Direction, LabelNames.Receive), new WorkloadIdentity("shop", "web", "web-0"), LabelNames.Server, "db-0");
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        Assert.Equal(["db", "web"], (await recommendations.ListAsync()).Items.Select(static r => r.Spec!.Target.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("public", LabelNames.Client, "443")]
    [InlineData("public", LabelNames.Server, "443")]
    [InlineData("private", LabelNames.Client, "443")]
    [InlineData("private", LabelNames.Server, "443")]
    [InlineData("other", LabelNames.Client, "")]
    [InlineData("unknown", LabelNames.Server, "443")]
    [InlineData("loopback", LabelNames.Client, "53")]
    [InlineData("partners", LabelNames.Client, "443")]
    [InlineData("node-that-is-gone", LabelNames.Server, "443")]
    public async Task A_workload_with_a_peer_that_no_rule_can_name_gets_no_policy_and_its_namespace_no_default_deny(string peer, string role, string port)
    {
        await CountAsync(TcpMetrics.IoBytes, "5432", (LabelNames.Direction, LabelNames.Transmit));
        await CountAsync(TcpMetrics.IoBytes, port, (LabelNames.Direction, LabelNames.Transmit), new WorkloadIdentity("", peer, ""), role);
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        var db = Assert.Single((await recommendations.ListAsync()).Items);
        Assert.Equal("db", db.Spec!.Target.Name);
        Assert.Contains($"unnamed-peer: {(role == LabelNames.Client ? $"shop/web -> {peer}" : $"{peer} -> shop/web")}", db.Spec.Reason, StringComparison.Ordinal);

        await ApplyProposedAsync();
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        Assert.Single((await recommendations.ListAsync()).Items);
    }

    [Fact]
    public async Task A_policy_of_a_person_that_lets_it_through_lets_the_default_deny_come()
    {
        await CountAsync(TcpMetrics.IoBytes, "5432", (LabelNames.Direction, LabelNames.Transmit));
        await CountAsync(TcpMetrics.IoBytes, "443", (LabelNames.Direction, LabelNames.Transmit), WorkloadIdentity.Public);
        await policies.ApplyAsync(new NetworkPolicy
        {
            Metadata = new ObjectMeta { Name = "to-the-internet", Namespace = "shop" },
            Spec = new NetworkPolicySpec
            {
                PodSelector = Labelled("app", "web"),
                PolicyTypes = [NetworkPolicySpec.Egressing],
                Egress = [new NetworkPolicyEgressRule { To = [new NetworkPolicyPeer { IpBlock = new IpBlock { Cidr = "0.0.0.0/0", Except = ["10.0.0.0/8"] } }], Ports = [new NetworkPolicyPort { Port = 443 }] }],
            },
        });
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        Assert.Equal(["db", "web"], (await recommendations.ListAsync()).Items.Select(static r => r.Spec!.Target.Name).Order(StringComparer.Ordinal));
        await ApplyProposedAsync();
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        Assert.Contains((await recommendations.ListAsync()).Items, static r => r.Spec!.Target.Name == "default-deny");
    }

    [Fact]
    public async Task Callers_of_the_internet_may_come_where_a_load_balancer_offers_the_port()
    {
        Write("services/db", "{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: {type: LoadBalancer, clusterIP: 10.96.0.9, selector: {app: db}, ports: [{port: 80, targetPort: 5432}]}}");
        await CountAsync(TcpMetrics.IoBytes, "5432", (LabelNames.Direction, LabelNames.Receive), WorkloadIdentity.Public, LabelNames.Server, "db-0");
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        Assert.Contains("0.0.0.0/0", Assert.Single((await recommendations.ListAsync()).Items).Spec!.Change.Manifest, StringComparison.Ordinal);

        await ApplyProposedAsync();
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        Assert.Equal(["db", "default-deny"], (await recommendations.ListAsync()).Items.Select(static r => r.Spec!.Target.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_a_pod_says_to_itself_needs_no_rule()
    {
        await CountAsync(TcpMetrics.IoBytes, "5432", (LabelNames.Direction, LabelNames.Transmit));
        await CountAsync(TcpMetrics.IoBytes, "8125", (LabelNames.Direction, LabelNames.Transmit), WorkloadIdentity.Loopback);
        await CountAsync(TcpMetrics.IoBytes, "8125", (LabelNames.Direction, LabelNames.Transmit), WorkloadIdentity.Loopback, LabelNames.Server);
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        Assert.Equal(["db", "web"], (await recommendations.ListAsync()).Items.Select(static r => r.Spec!.Target.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Packets_that_other_rules_drop_are_told_where_there_is_no_policy_too()
    {
        await DropAsync("db-0", "TC_INGRESS", "policy", 2);
        var rounds = Rounds(OptimizationMode.Observe);
        await rounds.RunAsync(CancellationToken.None);
        Assert.Equal("shop/db-0", Assert.Single(rounds.Drops).Pod);
    }

    [Fact]
    public async Task A_pod_of_which_the_collector_knows_only_the_uid_is_that_pod()
    {
        Write("pods/job-0", "{apiVersion: v1, kind: Pod, metadata: {name: job-0, namespace: shop, uid: 8f3c, labels: {app: job}}, spec: {}}");
        await CountAsync(TcpMetrics.IoBytes, "5432", (LabelNames.Direction, LabelNames.Receive), new WorkloadIdentity("", "pod-8f3c", ""), LabelNames.Server, "db-0");
        await Rounds(OptimizationMode.Propose).RunAsync(CancellationToken.None);
        Assert.Equal(["db", "job"], (await recommendations.ListAsync()).Items.Select(static r => r.Spec!.Target.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_day_is_read_as_a_stream_and_when_it_cannot_be_read_not_again_at_the_next_run()
    {
        await CountAsync(TcpMetrics.IoBytes, "5432", (LabelNames.Direction, LabelNames.Transmit));
        var streams = new Streams(store);
        var rounds = Rounds(OptimizationMode.Propose, streams);
        await Assert.ThrowsAsync<SampleStoreException>(() => rounds.RunAsync(CancellationToken.None));
        await rounds.RunAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromHours(1));
        await Assert.ThrowsAsync<SampleStoreException>(() => rounds.RunAsync(CancellationToken.None));
    }

    private static LabelSelector Labelled(string label, string value) => new() { MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { [label] = value } };

    private void Write(string file, string yaml)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
        File.WriteAllText(Path.Combine(folder, $"{file}.yaml"), yaml);
    }

    /// <summary>What was proposed comes into force.</summary>
    private async Task ApplyProposedAsync()
    {
        foreach (var proposed in (await recommendations.ListAsync()).Items)
        {
            var manifest = Assert.Single(ManifestObject.ParseAll("proposed", proposed.Spec!.Change.Manifest, []));
            await policies.ApplyAsync(manifest.Read<NetworkPolicy>());
        }
    }

    /// <summary>A new process.</summary>
    private PolicyRounds Rounds(OptimizationMode mode, ISampleStore? samples = null)
    {
        var policyFile = Path.Combine(folder, "policy.yaml");
        ObjectFile.Write(policyFile, new OptimizationPolicy { Metadata = new ObjectMeta { Name = "default" }, Spec = new OptimizationPolicySpec { Mode = mode, Namespaces = ["shop"] } });
        var objects = new DirectoryPolicyObjects(folder, policies);
        return new PolicyRounds(
            new ObjectsDirectory(new ClusterOptions { ObjectsDirectory = folder, PolicyFile = policyFile }, clock, recommendations),
            objects, recommendations, new StoreFlows(samples ?? store), new PolicyRollout(recommendations, objects), meter, NullLogger<PolicyRounds>.Instance);
    }

    private async Task DropAsync(string pod, string reason, string @class, int packets)
    {
        var labels = LabelSet.Of(DropMetrics.Packets.Name, (LabelNames.Node, "n1"), (LabelNames.Namespace, "shop"), (LabelNames.Workload, "w"), (LabelNames.Pod, pod), (LabelNames.Reason, reason), (LabelNames.Class, @class));
        foreach (var value in new[] { 0, packets })
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            await store.AppendAsync([new Sample(labels, clock.GetUtcNow().ToUnixTimeMilliseconds(), value)], CancellationToken.None);
        }
    }

    /// <summary>A counter of web-0, or another pod, towards db-0, or another peer, that rises from 0 to 3, or as said.</summary>
    private async Task CountAsync(
        MetricDefinition metric, string port, (string Name, string Value) label, WorkloadIdentity? peer = null, string role = LabelNames.Client, string pod = "web-0", params double[] values)
    {
        peer ??= new WorkloadIdentity("shop", "db", "db-0");
        var labels = LabelSet.Of(
            metric.Name, (LabelNames.Node, "n1"), (LabelNames.Namespace, "shop"), (LabelNames.Workload, pod.Split('-')[0]), (LabelNames.Pod, pod), (LabelNames.PeerNamespace, peer.Namespace),
            (LabelNames.PeerWorkload, peer.Workload), (LabelNames.PeerPod, peer.Pod), (LabelNames.ServerPort, port), (LabelNames.Role, role), (label.Name, label.Value));
        foreach (var value in values.Length > 0 ? values : [0, 1, 2, 3])
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            await store.AppendAsync([new Sample(labels, clock.GetUtcNow().ToUnixTimeMilliseconds(), value)], CancellationToken.None);
        }
    }

    /// <summary>A store that has no room for a whole answer, nor the strength for a day.</summary>
    private sealed class Streams(ISampleStore store) : ISampleStore
    {
        public ValueTask AppendAsync(IReadOnlyList<Sample> samples, CancellationToken cancellationToken) => store.AppendAsync(samples, cancellationToken);

        public ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken) => throw new NotSupportedException();

        public async ValueTask<IEnumerable<IReadOnlyList<TimeSeries>>> StreamAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken) =>
            range.To - range.From >= TimeSpan.FromDays(1) ? throw new SampleStoreException("read a day", "ask for less", retryable: true) : await store.StreamAsync(selector, range, cancellationToken);

        public ValueTask<IReadOnlyCollection<LabelSet>> SeriesAsync(IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken) => store.SeriesAsync(selectors, range, cancellationToken);
    }
}
