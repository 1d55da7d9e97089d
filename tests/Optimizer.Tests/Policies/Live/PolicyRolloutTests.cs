using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Live;
using NetPulse.Optimizer.Rollout;
using NetPulse.Tests;

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
        await StepAsync();
        Assert.Equal(RecommendationPhase.RolledBack, await PhaseAsync());
        Assert.Contains("somebody else has changed it", (await StoredAsync()).Status!.History[^1].Reason, StringComparison.Ordinal);
        Assert.Empty(Assert.Single(await objects.ListAsync(deadline.Token)).Metadata.Annotations);
    }

    [Theory]
    [InlineData("db")]
    [InlineData("db-canary")]
    public async Task Nothing_is_begun_over_a_policy_of_the_same_name_that_is_somebody_elses(string name)
    {
        await StartAsync(inCluster: false, ApprovalDecision.Approved);
        await objects.ApplyAsync(new NetworkPolicy { Metadata = new ObjectMeta { Name = name, Namespace = "shop" }, Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Ingressing], Ingress = [new NetworkPolicyIngressRule()] } }, deadline.Token);
        await StepAsync();
        Assert.Equal(RecommendationPhase.Blocked, await PhaseAsync());
        Assert.Contains($"a policy of the name {name} is there already", (await StoredAsync()).Status!.History[^1].Reason, StringComparison.Ordinal);
        Assert.Empty(Assert.Single(await objects.ListAsync(deadline.Token)).Metadata.Annotations);
    }

    [Theory]
    [InlineData(ApprovalDecision.Rejected)]
    [InlineData(ApprovalDecision.Pending)]
    public async Task A_withdrawn_approval_takes_a_canary_back(ApprovalDecision decision)
    {
        await StartAsync(inCluster: false, ApprovalDecision.Approved);
        await StepAsync();
        await recommendations.ApplyAsync(Recommendation(decision), deadline.Token);
        await StepAsync();
        Assert.Equal(RecommendationPhase.RolledBack, await PhaseAsync());
        Assert.Empty(await objects.ListAsync(deadline.Token));
        Assert.DoesNotContain(await PodsAsync(), static p => p.Metadata.Labels.ContainsKey(PolicyRollout.CanaryLabel));
    }

    [Fact]
    public async Task One_that_ended_leaves_its_successors_canary_alone_and_goes_a_week_later()
    {
        await StartAsync(inCluster: false, ApprovalDecision.Approved);
        await StepAsync();
        await StepAsync(allowed with { Paused = ["incident 42"] });
        Assert.Equal(RecommendationPhase.RolledBack, await PhaseAsync());

        now += TimeSpan.FromDays(7) - (2 * Judged);
        await recommendations.ApplyAsync(Recommendation(ApprovalDecision.Approved, "second-guard"), deadline.Token);
        await StepAsync();
        await StepAsync();
        Assert.Equal("second-guard", Assert.Single(await objects.ListAsync(deadline.Token)).Metadata.Annotations[NetworkRecommendation.NameAnnotation]);
        for (var i = 0; i < 3; i++)
        {
            now += Judged;
            await StepAsync();
        }

        var last = Assert.Single((await recommendations.ListAsync(deadline.Token)).Items);
        Assert.Equal(("second-guard", RecommendationPhase.Verified), (last.Metadata.Name, last.Status!.Phase));
    }

    [Fact]
    public async Task A_label_that_the_server_refuses_is_known_before_anything_is_begun()
    {
        await StartAsync(inCluster: true, ApprovalDecision.Approved);
        server!.Deny("patch", "pods");
        await StepAsync();
        Assert.Equal(RecommendationPhase.Blocked, await PhaseAsync());
        Assert.Contains("a dry run was refused", (await StoredAsync()).Status!.History[^1].Reason, StringComparison.Ordinal);
        Assert.Empty(await objects.ListAsync(deadline.Token));
    }

    [Fact]
    public async Task One_that_failed_while_it_was_begun_is_still_the_only_one()
    {
        await StartAsync(inCluster: false, ApprovalDecision.Approved);
        await recommendations.ApplyAsync(Recommendation(ApprovalDecision.Approved, "second-guard"), deadline.Token);

        // Where the policy's folder would be.
        Directory.CreateDirectory(Path.Combine(directory, "networkpolicies"));
        await File.WriteAllTextAsync(Path.Combine(directory, "networkpolicies", "shop"), "", deadline.Token);
        Assert.Contains("guard-db", Assert.Single(await RunAsync(allowed)), StringComparison.Ordinal);
        Assert.Equal(RecommendationPhase.Canary, await PhaseAsync());
        Assert.Equal(RecommendationPhase.Proposed, (await recommendations.FindAsync("second-guard", "shop", deadline.Token))!.Status?.Phase);
    }

    [Fact]
    public async Task Traffic_of_which_no_rule_can_name_an_end_keeps_a_change_from_being_begun_and_takes_one_back()
    {
        await StartAsync(inCluster: false, ApprovalDecision.Approved);
        var caller = Flow("", 5432, FlowVerdict.Forwarded) with { Source = FlowEnd.Unnamed("public") };
        await StepAsync(caller);
        Assert.Contains("it would break 1 flows, the last of them public -> shop/db-0 5432/TCP", (await StoredAsync()).Status!.History[^1].Reason, StringComparison.Ordinal);

        await StepAsync();
        Assert.Equal(RecommendationPhase.Canary, await PhaseAsync());
        await StepAsync(caller with { Verdict = FlowVerdict.Dropped });
        Assert.Equal(RecommendationPhase.RolledBack, await PhaseAsync());
    }

    private static Pod Pod(string name, string app) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = "shop", Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = app } },
        Spec = new PodSpec { NodeName = "n1" },
    };

    private static NetworkRecommendation Recommendation(ApprovalDecision approval, string name = "guard-db") => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = "shop" },
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

    private async Task StepAsync(OptimizationPolicySpec policy, params ObservedFlow[] flows) => Assert.Empty(await RunAsync(policy, flows));

    /// <summary>A new process each time: as in a scheduled run, the book of all recommendations comes first.</summary>
    private async Task<ImmutableArray<string>> RunAsync(OptimizationPolicySpec policy, params ObservedFlow[] flows)
    {
        using var journal = new ChangeJournal(Path.Combine(directory, "journal.jsonl"), new TestClock(now));
        var book = new RecommendationBook(recommendations, journal, new RecommendationNames(), Options.Create(new RecommendationOptions()), new RecommendationPlace("netpulse"));
        var snapshot = new ClusterSnapshot(now, [], ImmutableDictionary<string, NodeTuning>.Empty, [], new OptimizationPolicy { Metadata = new ObjectMeta { Name = "default" }, Spec = policy }, [])
        {
            Recommendations = (await recommendations.ListAsync(deadline.Token)).Items,
        };
        Assert.Empty(await book.FollowAsync(snapshot, ImmutableDictionary<string, Decision>.Empty, deadline.Token));

        var picture = new PolicyPicture();
        picture.Replace([.. await PodsAsync(), .. await objects.ListAsync(deadline.Token)]);
        return await new PolicyRollout(recommendations, objects).StepAllAsync((await recommendations.ListAsync(deadline.Token)).Items, policy, picture, flows, now, deadline.Token);
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
