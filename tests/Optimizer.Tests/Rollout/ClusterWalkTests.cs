using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Journal;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Rollout;

/// <summary>What a person does in a cluster, from the kinds to the rollback, while the API server restarts, forgets and throttles. (Uninstalling is the Tuner's: its tests.)</summary>
public sealed class ClusterWalkTests : IAsyncLifetime, IAsyncDisposable
{
    private const string Api = "netpulse.io/v1alpha1";

    private readonly CancellationTokenSource deadline = new(TimeSpan.FromMinutes(2));
    private readonly HttpClient kubectl = new();
    private TestApiServer server = null!;
    private KubernetesClient client = null!;
    private ClusterObjects objects = null!;
    private LoopRig rig = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        client = new KubernetesClient(server.Configuration(), TimeProvider.System, NullLogger<KubernetesClient>.Instance);
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        rig?.Dispose();
        if (objects is not null)
        {
            await objects.StopAsync(CancellationToken.None);
            objects.Dispose();
        }

        client.Dispose();
        kubectl.Dispose();
        await server.DisposeAsync();
        deadline.Dispose();
    }

    [Fact]
    public async Task Installed_collected_recommended_approved_applied_and_rolled_back_while_the_API_server_is_at_its_worst()
    {
        Install();

        // Recommended, right after the API server was restarted: every watch has begun anew.
        await rig.TroubleAsync();
        await server.RestartAsync();
        await TunerAnswersAsync();
        var recommendation = await RunsUntilAsync(static each => each.Status?.Phase == RecommendationPhase.AwaitingApproval);
        Assert.Equal("archive-0", recommendation.Spec!.Target.Name);
        Assert.Null(server.Find(Api, "nodetunings", Examples.Node)!["spec"]?["settings"]);

        // Approved, as kubectl does it; a word that is none is refused by the kind itself.
        Assert.Equal(422, await PatchAsync(recommendation, """{"spec":{"approval":"Perhaps"}}"""));
        Assert.Equal(200, await PatchAsync(recommendation, """{"spec":{"approval":"Approved"}}"""));
        await SeenAsync(static each => each.Spec!.Approval == ApprovalDecision.Approved);

        // Applied, while its history is compacted and it throttles.
        server.Forget();
        server.Throttle(2, retryAfterSeconds: 1);
        await RunAsync();
        var tuning = server.Find(Api, "nodetunings", Examples.Node)!;
        Assert.Equal("net.ipv4.tcp_rmem", Assert.Single(tuning["spec"]!["settings"]!.AsArray())!["sysctl"]!.ToString());
        Assert.Equal(recommendation.Metadata.Name, tuning["metadata"]!["annotations"]![NetworkRecommendation.NameAnnotation]!.ToString());
        await TunerAnswersAsync(rig.Status(SettingState.Applied));
        await RunsUntilAsync(each => each.Metadata.Name == recommendation.Metadata.Name && each.Status?.Phase == RecommendationPhase.Canary);

        // It does not help; rolled back, although every watch breaks off in the middle of a line.
        await rig.SecondsAsync(25, 6.3, 6.3, 0.1, isLimited: true);
        await server.BreakWatchesAsync();
        await TunerAnswersAsync(rig.Status(SettingState.Applied));
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.True(server.Find(Api, "nodetunings", Examples.Node)!["spec"]?["settings"] is not JsonArray { Count: > 0 });
        await TunerAnswersAsync(rig.Status(SettingState.Reverted));
        var ended = await RunsUntilAsync(each => each.Metadata.Name == recommendation.Metadata.Name && each.Status?.Phase == RecommendationPhase.RolledBack);
        Assert.Contains("Written", ended.Status!.History.Select(static step => step.Action));
    }

    /// <summary>Those that read are taken away from the service itself, in EndToEnd.</summary>
    [Fact]
    public async Task Each_role_that_writes_is_named_where_it_is_missing()
    {
        Install();
        await rig.TroubleAsync();
        await TunerAnswersAsync();
        foreach (var (verb, resource) in new[] { ("patch", "networkrecommendations"), ("create", "networkrecommendations"), ("patch", "networkrecommendations/status") })
        {
            await MissesAsync(verb, resource);
        }

        // What no role lets be written for a node waits, and says so: nothing was begun, so nothing has failed.
        var recommendation = await RunsUntilAsync(static each => each.Status?.Phase == RecommendationPhase.AwaitingApproval);
        Assert.Equal(200, await PatchAsync(recommendation, """{"spec":{"approval":"Approved"}}"""));
        await SeenAsync(static each => each.Spec!.Approval == ApprovalDecision.Approved);
        foreach (var verb in new[] { "get", "patch" })
        {
            server.Deny(verb, "nodetunings");
            await TunerAnswersAsync();
            var blocked = await RunsUntilAsync(each => each.Metadata.Name == recommendation.Metadata.Name && each.Status?.Conditions.OfType("Allowed") is { Reason: "Write" } gate && gate.Message.Contains($"the verb {verb} on nodetunings ", StringComparison.Ordinal));
            Assert.Equal(RecommendationPhase.Blocked, blocked.Status!.Phase);
            Assert.Contains(rig.Run.Latest.Problems, problem => problem.Contains($"the verb {verb} on nodetunings ", StringComparison.Ordinal));
            Assert.Empty(rig.Journal.Changes);
            server.Allow(verb, "nodetunings");
        }

        await TunerAnswersAsync();
        await RunsUntilAsync(each => each.Metadata.Name == recommendation.Metadata.Name && each.Status?.History.Any(static step => step.Action == "Written") == true);
        Assert.NotEmpty(server.Find(Api, "nodetunings", Examples.Node)!["spec"]!["settings"]!.AsArray());
    }

    private async Task MissesAsync(string verb, string resource)
    {
        server.Deny(verb, resource);
        await UntilAsync(async () =>
        {
            await TriedAsync(RunAsync);
            return rig.Run.Latest.Problems.FirstOrDefault(problem => problem.Contains($"the verb {verb} on {resource} ", StringComparison.Ordinal));
        });
        server.Allow(verb, resource);
    }

    [Fact]
    public async Task A_node_whose_Tuner_hangs_gets_no_change_and_the_recommendation_says_so()
    {
        Install();
        await rig.TroubleAsync();
        await TunerAnswersAsync();
        var recommendation = await RunsUntilAsync(static each => each.Status?.Phase == RecommendationPhase.AwaitingApproval);
        Assert.Equal(200, await PatchAsync(recommendation, """{"spec":{"approval":"Approved"}}"""));
        await SeenAsync(static each => each.Spec!.Approval == ApprovalDecision.Approved);
        await rig.SecondsAsync(200, 6.3, 6.3, 0.1, isLimited: true);
        var blocked = await RunsUntilAsync(static each => each.Status?.Phase == RecommendationPhase.Blocked);
        Assert.Contains("Tuner", Assert.Single(blocked.Status!.Conditions, static condition => condition.Type == "Allowed").Message, StringComparison.Ordinal);
        Assert.Null(server.Find(Api, "nodetunings", Examples.Node)!["spec"]?["settings"]);
    }

    [Fact]
    public async Task A_window_whose_time_zone_nobody_knows_lets_nothing_begin_and_is_told()
    {
        Install(new MaintenanceWindow { From = "00:00", To = "23:59", TimeZone = "Europe/Berln" });
        await rig.TroubleAsync();
        await TunerAnswersAsync();
        await RunsUntilAsync(static each => each.Status?.Conditions.OfType("Allowed") is { Reason: "Window" });
        Assert.Contains(rig.Run.Latest.Problems, static problem => problem.StartsWith("spec.windows[0].timeZone: Europe/Berln ", StringComparison.Ordinal));
        Assert.Empty(rig.Journal.Changes);
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_is_taken_back()
    {
        Install();
        await rig.TroubleAsync();
        await TunerAnswersAsync();
        var recommendation = await RunsUntilAsync(static each => each.Status?.Phase == RecommendationPhase.AwaitingApproval);
        Assert.Equal(200, await PatchAsync(recommendation, """{"spec":{"approval":"Approved"}}"""));
        await SeenAsync(static each => each.Spec!.Approval == ApprovalDecision.Approved);
        server.LosesAnswer = static request =>
            request.Method == "PATCH" && request.Target.Contains($"/nodetunings/{Examples.Node}?", StringComparison.Ordinal) && !request.Target.Contains("dryRun", StringComparison.Ordinal);
        await TunerAnswersAsync();
        await RunAsync();
        server.LosesAnswer = static _ => false;
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.NotEmpty(server.Find(Api, "nodetunings", Examples.Node)!["spec"]!["settings"]!.AsArray());

        await UntilAsync(async () =>
        {
            await TunerAnswersAsync();
            await TriedAsync(RunAsync);
            return rig.Journal.Changes.Any(static state => state.Phase == ChangePhase.RolledBack) ? rig : null;
        });
        Assert.True(server.Find(Api, "nodetunings", Examples.Node)!["spec"]?["settings"] is not JsonArray { Count: > 0 });
    }

    /// <summary>Kinds first, then what kubectl and Kubernetes make.</summary>
    private void Install(params MaintenanceWindow[] windows)
    {
        server.DefineOurs();
        server.Add("v1", "nodes", new JsonObject { ["metadata"] = new JsonObject { ["name"] = Examples.Node } });
        foreach (var pod in new[] { "archive-0", "archive-1" })
        {
            server.Add("v1", "pods", Json(Examples.Pod(pod)));
        }

        var policy = Examples.Policy();
        server.Add(Api, "optimizationpolicies", Json(policy with { Metadata = new ObjectMeta { Name = "default" }, Spec = policy.Spec with { Approval = ApprovalPolicy.Required, Windows = windows } }));
        server.Add(Api, "nodetunings", new JsonObject { ["metadata"] = new JsonObject { ["name"] = Examples.Node, ["generation"] = 1 } });
        rig = new LoopRig(inCluster: clock =>
        {
            objects = new ClusterObjects(client, "default", "", null, new ReadingsTime(clock), NullLoggerFactory.Instance);
            _ = objects.StartAsync(deadline.Token);
            return (objects, new ClusterObjectStore<NetworkRecommendation>(client, ResourceQuery.All, clock, NullLogger<ClusterObjectStore<NetworkRecommendation>>.Instance));
        });
    }

    /// <summary>As the node's own Tuner writes it, and until the optimizer has been told.</summary>
    private async Task TunerAnswersAsync(params SettingStatus[] settings)
    {
        // At a time of its own: an earlier answer is not taken for this one.
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        var status = Examples.TunerStatus(settings) with { ObservedAt = rig.Clock.GetUtcNow() };
        await UntilAsync(async () =>
        {
            await TriedAsync(() => client.ApplyStatusAsync(new NodeTuning { Metadata = new ObjectMeta { Name = Examples.Node }, Status = status }, new WriteOptions { Force = true }, deadline.Token));
            return (await objects.ReadAsync(deadline.Token)).NodeTunings.GetValueOrDefault(Examples.Node)?.Status?.ObservedAt == status.ObservedAt ? status : null;
        });
    }

    private static async Task TriedAsync(Func<Task> request)
    {
        try
        {
            await request();
        }
        catch (IOException)
        {
            // It is tried again.
        }
    }

    private Task RunAsync() => rig.Run.RunAsync(deadline.Token);

    private Task<NetworkRecommendation> SeenAsync(Func<NetworkRecommendation, bool> isIt) =>
        UntilAsync(async () => (await objects.ReadAsync(deadline.Token)).Recommendations.FirstOrDefault(each => each.Spec!.Target.Name == "archive-0" && isIt(each)));

    /// <summary>As the schedule does it: a status that was written upon an older version than the stored one, or on a connection that a restart has cut, is the next run's to write.</summary>
    private Task<NetworkRecommendation> RunsUntilAsync(Func<NetworkRecommendation, bool> isIt) => UntilAsync(async () =>
    {
        await TriedAsync(RunAsync);
        return (await objects.ReadAsync(deadline.Token)).Recommendations.FirstOrDefault(each => each.Spec!.Target.Name == "archive-0" && isIt(each));
    });

    private async Task<T> UntilAsync<T>(Func<Task<T?>> find)
        where T : class
    {
        while (true)
        {
            if (await find() is { } found)
            {
                return found;
            }

            await Task.Delay(50, deadline.Token);
        }
    }

    private async Task<int> PatchAsync(NetworkRecommendation recommendation, string patch)
    {
        using var content = new StringContent(patch, Encoding.UTF8, new MediaTypeHeaderValue("application/merge-patch+json"));
        using var answer = await kubectl.PatchAsync(
            new Uri(server.Address, $"/apis/{Api}/namespaces/{recommendation.Metadata.Namespace}/networkrecommendations/{recommendation.Metadata.Name}?fieldManager=kubectl-patch"), content, deadline.Token);
        return (int)answer.StatusCode;
    }

    private static JsonObject Json<T>(T value) => System.Text.Json.JsonSerializer.SerializeToNode(value, KubernetesJson.TypeOf<T>())!.AsObject();

    /// <summary>It is when the readings say; watches and their pauses take as long as they take.</summary>
    private sealed class ReadingsTime(TestClock clock) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();
    }
}
