using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Live;

namespace NetPulse.Optimizer.Tests.Policies.Live;

/// <summary>What holds of both places for policies: the same tests over the API server and over a directory.</summary>
public sealed class PolicyRolloutTests : IAsyncDisposable
{
    private static readonly TimeSpan Judged = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly OptimizationPolicySpec allowed = new() { Mode = OptimizationMode.Apply, Namespaces = ["shop"], Canary = new CanarySpec { Duration = Judged } };
    private DateTimeOffset now = new(2026, 1, 10, 12, 0, 0, TimeSpan.Zero);
    private IObjectStore<NetworkRecommendation> recommendations = null!;
    private IPolicyObjects objects = null!;
    private TestApiServer? server;
    private KubernetesClient? client;

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(directory, recursive: true);
        deadline.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_approved_policy_holds_for_one_pod_first_then_for_all_and_is_verified_when_no_flow_was_hit(bool inCluster)
    {
        await StartAsync(inCluster, ApprovalDecision.Approved);
        await StepAsync();
        Assert.Equal(RecommendationPhase.Canary, await PhaseAsync());
        Assert.Equal("db-0", Assert.Single(await PodsAsync(), static p => p.Metadata.Labels.ContainsKey(PolicyRollout.CanaryLabel)).Metadata.Name);
        var canary = Assert.Single(await objects.ListAsync(deadline.Token));
        Assert.Equal(("db-canary", "guard-db"), (canary.Metadata.Name, canary.Spec.PodSelector.MatchLabels[PolicyRollout.CanaryLabel]));
        Assert.Equal(now + Judged + TimeSpan.FromMinutes(1), (await StoredAsync()).Status!.RevertAt);

        now += Judged;
        await StepAsync();
        Assert.Equal(RecommendationPhase.Applied, await PhaseAsync());
        var policy = Assert.Single(await objects.ListAsync(deadline.Token));
        Assert.Equal(("db", "guard-db"), (policy.Metadata.Name, policy.Metadata.Annotations[NetworkRecommendation.NameAnnotation]));
        Assert.DoesNotContain(await PodsAsync(), static p => p.Metadata.Labels.ContainsKey(PolicyRollout.CanaryLabel));

        now += Judged;
        await StepAsync();
        Assert.Equal(RecommendationPhase.Verified, await PhaseAsync());
        Assert.Null((await StoredAsync()).Status!.RevertAt);
        Assert.Equal("db", Assert.Single(await objects.ListAsync(deadline.Token)).Metadata.Name);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task It_is_taken_back_when_a_flow_that_was_allowed_is_hit(bool inCluster, bool isForAll)
    {
        await StartAsync(inCluster, ApprovalDecision.Approved);
        await StepAsync();
        if (isForAll)
        {
            now += Judged;
            await StepAsync();
        }

        // What the policies denied before, or what comes about, is no reason.
        now += TimeSpan.FromMinutes(1);
        await StepAsync(Flow("shop/web-0", 5432, FlowVerdict.Dropped), Flow("shop/other-0", 5432, FlowVerdict.Forwarded));
        Assert.Equal(isForAll ? RecommendationPhase.Applied : RecommendationPhase.Canary, await PhaseAsync());

        await StepAsync(Flow("shop/other-0", 5432, FlowVerdict.Dropped));
        Assert.Equal(RecommendationPhase.RolledBack, await PhaseAsync());
        Assert.Contains("shop/other-0 -> shop/db-0 5432/TCP", (await StoredAsync()).Status!.History[^1].Reason, StringComparison.Ordinal);
        Assert.Empty(await objects.ListAsync(deadline.Token));
        Assert.DoesNotContain(await PodsAsync(), static p => p.Metadata.Labels.ContainsKey(PolicyRollout.CanaryLabel));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_comes_after_a_kill_goes_on_and_takes_back_what_has_no_verdict_in_time(bool inCluster)
    {
        await StartAsync(inCluster, ApprovalDecision.Approved);
        await StepAsync();

        // Killed between the status and the write.
        await objects.DeleteAsync("shop", "db-canary", deadline.Token);
        now += TimeSpan.FromSeconds(5);
        await StepAsync();
        Assert.Equal("db-canary", Assert.Single(await objects.ListAsync(deadline.Token)).Metadata.Name);

        // Nobody was there when it was to be judged.
        now += Judged + TimeSpan.FromMinutes(2);
        await StepAsync();
        Assert.Equal(RecommendationPhase.RolledBack, await PhaseAsync());
        Assert.Empty(await objects.ListAsync(deadline.Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_written_that_is_not_allowed_approved_and_safe(bool inCluster)
    {
        await StartAsync(inCluster, ApprovalDecision.Pending);
        await StepAsync(allowed with { Mode = OptimizationMode.Propose });
        Assert.Equal(RecommendationPhase.Proposed, await PhaseAsync());
        await StepAsync();
        Assert.Equal(RecommendationPhase.AwaitingApproval, await PhaseAsync());

        await recommendations.ApplyAsync(Recommendation(ApprovalDecision.Approved), deadline.Token);
        await StepAsync(allowed with { Namespaces = ["other"] });
        Assert.Equal(RecommendationPhase.Blocked, await PhaseAsync());
        await StepAsync(Flow("shop/other-0", 5432, FlowVerdict.Forwarded));
        Assert.Contains("it would break 1 flows, the last of them shop/other-0", (await StoredAsync()).Status!.History[^1].Reason, StringComparison.Ordinal);
        Assert.Empty(await objects.ListAsync(deadline.Token));

        await StepAsync();
        Assert.Equal(RecommendationPhase.Canary, await PhaseAsync());
        await StepAsync(allowed with { Paused = ["incident 42"] });
        Assert.Equal(RecommendationPhase.RolledBack, await PhaseAsync());
        Assert.Empty(await objects.ListAsync(deadline.Token));
    }

    [Fact]
    public async Task A_policy_that_somebody_has_changed_since_is_left_alone()
    {
        await StartAsync(inCluster: false, ApprovalDecision.Approved);
        await StepAsync();
        now += Judged;
        await StepAsync();
        var policy = Assert.Single(await objects.ListAsync(deadline.Token));
        await objects.ApplyAsync(policy with { Metadata = new ObjectMeta { Name = "db", Namespace = "shop" } }, deadline.Token);
        await StepAsync(allowed with { Paused = ["incident 42"] });
        Assert.Contains("somebody else has changed it", (await StoredAsync()).Status!.History[^1].Reason, StringComparison.Ordinal);
        Assert.Single(await objects.ListAsync(deadline.Token));
    }

    private static Pod Pod(string name, string app) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = "shop", Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = app } },
        Spec = new PodSpec { NodeName = "n1" },
    };

    private static NetworkRecommendation Recommendation(ApprovalDecision approval) => new()
    {
        Metadata = new ObjectMeta { Name = "guard-db", Namespace = "shop" },
        Spec = new NetworkRecommendationSpec
        {
            Source = new RecommendationSource { Kind = RecommendationSourceKind.Schedule, Fingerprint = "f1" },
            Target = new RecommendationTarget { ApiVersion = NetworkPolicy.Version, Kind = nameof(NetworkPolicy), Name = "db", Namespace = "shop" },
            Change = new RecommendedChange
            {
                Manifest = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, namespace: shop}, spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}}",
            },
            Approval = approval,
        },
    };

    private ObservedFlow Flow(string from, int port, FlowVerdict verdict) => new("TCP", new FlowEnd(from, null), new FlowEnd("shop/db-0", null), 0, port, 3, now, now, verdict);

    private Task StepAsync(params ObservedFlow[] flows) => StepAsync(allowed, flows);

    /// <summary>A new process each time.</summary>
    private async Task StepAsync(OptimizationPolicySpec policy, params ObservedFlow[] flows)
    {
        var engine = PolicyEngine.Build(new PolicyInputs { Pods = [.. await PodsAsync()], NetworkPolicies = await objects.ListAsync(deadline.Token) });
        var all = await recommendations.ListAsync(deadline.Token);
        Assert.Empty(await new PolicyRollout(recommendations, objects).StepAllAsync(all.Items, policy, engine, flows, now, deadline.Token));
    }

    private async Task<NetworkRecommendation> StoredAsync() => (await recommendations.FindAsync("guard-db", "shop", deadline.Token))!;

    private async Task<RecommendationPhase?> PhaseAsync() => (await StoredAsync()).Status?.Phase;

    private async Task<IReadOnlyList<Pod>> PodsAsync() => client is not null
        ? (await client.ListAsync<Pod>(ResourceQuery.All, deadline.Token)).Items
        : [.. Directory.EnumerateFiles(Path.Combine(directory, "pods")).Select(ObjectFile.Read<Pod>)];

    private async Task StartAsync(bool inCluster, ApprovalDecision approval)
    {
        Pod[] pods = [Pod("db-0", "db"), Pod("db-1", "db"), Pod("web-0", "web"), Pod("other-0", "other")];
        if (inCluster)
        {
            server = await TestApiServer.StartAsync();
            server.DefineOurs();
            server.Add("v1", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "shop" } });
            client = new KubernetesClient(server.Configuration(), TimeProvider.System, NullLogger<KubernetesClient>.Instance);
            foreach (var pod in pods)
            {
                server.Add("v1", "pods", System.Text.Json.JsonSerializer.SerializeToNode(pod, KubernetesJson.TypeOf<Pod>())!.AsObject());
            }

            recommendations = new ClusterObjectStore<NetworkRecommendation>(client, ResourceQuery.All, TimeProvider.System, NullLogger<ClusterObjectStore<NetworkRecommendation>>.Instance);
            objects = new ClusterPolicyObjects(client);
        }
        else
        {
            Directory.CreateDirectory(Path.Combine(directory, "pods"));
            foreach (var pod in pods)
            {
                ObjectFile.Write(Path.Combine(directory, "pods", $"{pod.Metadata.Name}.yaml"), pod);
            }

            recommendations = new DirectoryObjectStore<NetworkRecommendation>(directory, TimeProvider.System, NullLogger<DirectoryObjectStore<NetworkRecommendation>>.Instance);
            objects = new DirectoryPolicyObjects(directory, new DirectoryObjectStore<NetworkPolicy>(directory, TimeProvider.System, NullLogger<DirectoryObjectStore<NetworkPolicy>>.Instance));
        }

        await recommendations.ApplyAsync(Recommendation(approval), deadline.Token);
    }
}
