using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Leases;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Tests.Cluster;

/// <summary>What holds of both sources of objects: the same tests over the API server and over a directory.</summary>
public sealed class ClusterObjectsTests : IAsyncDisposable
{
    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private TestApiServer? server;
    private KubernetesClient? client;
    private ClusterObjects? followed;
    private readonly LaterTime time = new();
    private string group = "";

    public async ValueTask DisposeAsync()
    {
        if (followed is not null)
        {
            await followed.StopAsync(CancellationToken.None);
            followed.Dispose();
        }

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
    public async Task Without_a_policy_we_observe(bool inCluster)
    {
        var objects = await ObjectsAsync(inCluster, policy: null);
        var cluster = await objects.ReadAsync(deadline.Token);
        Assert.Equal(OptimizationMode.Observe, cluster.Policy.Spec.Mode);
        Assert.Empty(cluster.Problems);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_replaced_is_what_the_next_step_reads_and_the_others_stay(bool inCluster)
    {
        var objects = await ObjectsAsync(inCluster, Examples.Policy());
        await objects.ReplaceSettingsAsync(Examples.Node, static settings => [.. settings, Setting("first")], "raise-window", deadline.Token);
        await objects.ReplaceSettingsAsync(Examples.Node, static settings => [.. settings, Setting("second")], "raise-window", deadline.Token);
        var cluster = await objects.ReadAsync(deadline.Token);
        var tuning = cluster.NodeTunings[Examples.Node];
        Assert.Equal(["first", "second"], tuning.Spec.Settings.Select(static setting => setting.Name));
        Assert.Equal("raise-window", tuning.Metadata.Annotations[NetworkRecommendation.NameAnnotation]);

        await objects.ReplaceSettingsAsync(Examples.Node, static settings => settings.Where(static each => each.Name != "first"), "raise-window", deadline.Token);
        Assert.Equal(["second"], (await objects.ReadAsync(deadline.Token)).NodeTunings[Examples.Node].Spec.Settings.Select(static setting => setting.Name));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_policy_the_pods_and_the_recommendations_are_there(bool inCluster)
    {
        var objects = await ObjectsAsync(inCluster, Examples.Policy());
        var cluster = await objects.ReadAsync(deadline.Token);
        Assert.Equal((OptimizationMode.Apply, "lab"), (cluster.Policy.Spec.Mode, cluster.Policy.Spec.Namespaces.Single()));
        Assert.Equal(Examples.Node, cluster.PodNamed("lab", "archive-0")?.Spec.NodeName);
        Assert.Equal(("raise-window", ApprovalDecision.Approved), (cluster.Recommendations.Single().Metadata.Name, cluster.Recommendations.Single().Spec?.Approval));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_nothing_is_to_stand_nothing_is_made(bool inCluster)
    {
        var objects = await ObjectsAsync(inCluster, Examples.Policy());
        await objects.ReplaceSettingsAsync("gone", static settings => settings, "raise-window", deadline.Token);
        Assert.DoesNotContain("gone", (await objects.ReadAsync(deadline.Token)).NodeTunings.Keys);
        Assert.Null(server?.Find("netpulse.io/v1alpha1", "nodetunings", "gone"));
    }

    [Fact]
    public async Task A_policy_that_may_no_longer_be_read_counts_as_paused_until_it_may()
    {
        var objects = await ObjectsAsync(inCluster: true, Examples.Policy());
        Assert.Empty((await objects.ReadAsync(deadline.Token)).Policy.Spec.Paused);
        server!.Deny("list", "optimizationpolicies");
        server.Deny("watch", "optimizationpolicies");
        await server.EndWatchesAsync("optimizationpolicies");
        while (server.Seen.Count(static request => request.Target.Contains("/optimizationpolicies?", StringComparison.Ordinal) && request.Target.Contains("watch=1", StringComparison.Ordinal)) < 3)
        {
            await Task.Delay(20, deadline.Token);
        }

        // It may pass: a server that has just started knows no roles.
        Assert.Empty((await objects.ReadAsync(deadline.Token)).Policy.Spec.Paused);
        time.Later = TimeSpan.FromMinutes(1);
        var paused = await PolicyAsync(objects, static policy => policy.Spec.Paused.Count > 0);
        Assert.Contains("optimizationpolicies", Assert.Single(paused.Spec.Paused), StringComparison.Ordinal);
        Assert.Equal(OptimizationMode.Apply, paused.Spec.Mode);

        server.Allow("list", "optimizationpolicies");
        server.Allow("watch", "optimizationpolicies");
        await PolicyAsync(objects, static policy => policy.Spec.Paused.Count == 0);
    }

    [Fact]
    public async Task A_quiet_watch_that_was_taken_again_after_the_server_was_away_is_no_silence()
    {
        var objects = await ObjectsAsync(inCluster: true, Examples.Policy());
        _ = await objects.ReadAsync(deadline.Token);
        await server!.StopAsync();
        time.Later = TimeSpan.FromMinutes(5);
        await PausedAsync(isPaused: true);
        await server.ListenAsync();
        await PausedAsync(isPaused: false);
        Assert.Equal(1, server.Seen.Count(static request => request.Target.Contains("/optimizationpolicies", StringComparison.Ordinal) && !request.Target.Contains("watch=1", StringComparison.Ordinal)));

        async Task PausedAsync(bool isPaused)
        {
            while ((await objects.ReadAsync(deadline.Token)).Policy.Spec.Paused.Count > 0 != isPaused)
            {
                await Task.Delay(50, deadline.Token);
            }
        }
    }

    [Fact]
    public async Task A_value_that_may_not_be_is_refused_and_nothing_is_replaced()
    {
        var objects = await ObjectsAsync(inCluster: true, Examples.Policy());
        await Assert.ThrowsAnyAsync<IOException>(() => objects.ReplaceSettingsAsync(Examples.Node, static _ => [Setting("first") with { Sysctl = "kernel.msgmax" }], "x", deadline.Token));
        Assert.Empty((await objects.ReadAsync(deadline.Token)).NodeTunings.Values.SelectMany(static tuning => tuning.Spec.Settings));
    }

    [Fact]
    public async Task A_kind_that_may_not_be_listed_is_named()
    {
        await StartServerAsync();
        server!.Deny("list", "nodes");
        var objects = Followed();
        var refused = await Assert.ThrowsAsync<IOException>(() => objects.ReadAsync(deadline.Token));
        Assert.Contains("has not told nodes yet", refused.Message, StringComparison.Ordinal);
        server.Allow("list", "nodes");
        await SyncedAsync(objects);
        Assert.NotEmpty((await objects.ReadAsync(deadline.Token)).Nodes);
    }

    [Fact]
    public async Task A_write_that_no_role_allows_says_which_verb_on_what()
    {
        var objects = await ObjectsAsync(inCluster: true, Examples.Policy());
        server!.Deny("patch", "nodetunings");
        var refused = await Assert.ThrowsAsync<KubernetesException>(() => objects.ReplaceSettingsAsync(Examples.Node, static _ => [Setting("first")], "x", deadline.Token));
        Assert.Contains("the verb patch on nodetunings", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_only_tried_is_not_stored(bool inCluster)
    {
        var objects = await ObjectsAsync(inCluster, Examples.Policy());
        await objects.TryReplaceSettingsAsync(Examples.Node, static _ => [Setting("first")], "x", deadline.Token);
        Assert.Empty((await objects.ReadAsync(deadline.Token)).NodeTunings.Values.SelectMany(static tuning => tuning.Spec.Settings));
        if (inCluster)
        {
            await Assert.ThrowsAsync<KubernetesException>(() => objects.TryReplaceSettingsAsync(Examples.Node, static _ => [Setting("first") with { Sysctl = "kernel.msgmax" }], "x", deadline.Token));
            Assert.Null(server!.Find("netpulse.io/v1alpha1", "nodetunings", Examples.Node));
        }
    }

    [Fact]
    public async Task A_write_that_met_another_is_made_anew_on_what_the_other_left()
    {
        var objects = await ObjectsAsync(inCluster: true, Examples.Policy());
        await objects.ReplaceSettingsAsync(Examples.Node, static _ => [Setting("first")], "x", deadline.Token);
        var asked = 0;
        await objects.ReplaceSettingsAsync(
            Examples.Node,
            settings =>
            {
                if (asked++ == 0)
                {
                    // Between our look and our write.
                    server!.Add("netpulse.io/v1alpha1", "nodetunings", Json(new NodeTuning { Metadata = new ObjectMeta { Name = Examples.Node }, Spec = new NodeTuningSpec { Settings = [Setting("first"), Setting("somebody-elses")] } }));
                }

                return [.. settings, Setting("second")];
            },
            "x",
            deadline.Token);
        Assert.Equal(2, asked);
        Assert.Equal(["first", "somebody-elses", "second"], (await objects.ReadAsync(deadline.Token)).NodeTunings[Examples.Node].Spec.Settings.Select(static setting => setting.Name));
    }

    [Fact]
    public async Task Where_the_work_is_split_each_group_sees_its_own_recommendations_alone()
    {
        await StartServerAsync();
        server!.Add("netpulse.io/v1alpha1", "networkrecommendations", Json(Recommendation()));
        server.Add("netpulse.io/v1alpha1", "networkrecommendations", Json(Recommendation() with { Metadata = new ObjectMeta { Name = "of-zone-a", Namespace = "lab", Labels = Ownership.LabelsOf("zone-a") } }));
        group = "zone-a";
        var ofZone = Followed();
        await SyncedAsync(ofZone);
        Assert.Equal("of-zone-a", Assert.Single((await ofZone.ReadAsync(deadline.Token)).Recommendations).Metadata.Name);
        await ofZone.StopAsync(deadline.Token);
        ofZone.Dispose();
        group = "";
        var rest = Followed();
        await SyncedAsync(rest);
        Assert.Equal("raise-window", Assert.Single((await rest.ReadAsync(deadline.Token)).Recommendations).Metadata.Name);
    }

    [Fact]
    public async Task Who_leads_by_another_Lease_catches_up_though_its_number_is_the_same()
    {
        await StartServerAsync();
        var settings = new LeaderElectionSettings { LeaseName = "leader", Namespace = "default", Identity = "a", LeaseDuration = TimeSpan.FromSeconds(30), RenewDeadline = TimeSpan.FromSeconds(25), RetryPeriod = TimeSpan.FromMilliseconds(200) };
        var election = new LeaderElection(client!, settings, TimeProvider.System, NullLogger<LeaderElection>.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token);
        var electing = election.RunAsync(static term => Task.Delay(Timeout.Infinite, term.Ended), stop.Token);
        var objects = Followed(() => election.Current);
        await SyncedAsync(objects);
        var first = await LedAsync(after: null);
        server!.Remove("coordination.k8s.io/v1", "leases", "leader", "default");
        var second = await LedAsync(after: first);
        Assert.Equal(first.Term, second.Term);
        Assert.Equal(3, server.Seen.Count(static request => request.Target.Contains("/nodetunings?", StringComparison.Ordinal) && !request.Target.Contains("watch=1", StringComparison.Ordinal)));
        await stop.CancelAsync();
        await electing;

        async Task<Leadership> LedAsync(Leadership? after)
        {
            while (true)
            {
                if (election.Current is { Holds: true } term && term != after)
                {
                    await objects.ReadAsync(deadline.Token);
                    return term;
                }

                await Task.Delay(20, deadline.Token);
            }
        }
    }

    private static SysctlSetting Setting(string name) => new() { Name = name, Sysctl = "net.core.somaxconn", Value = "4096" };

    private static NetworkRecommendation Recommendation() => new()
    {
        Metadata = new ObjectMeta { Name = "raise-window", Namespace = "lab" },
        Spec = new NetworkRecommendationSpec
        {
            Source = new RecommendationSource { Kind = RecommendationSourceKind.Schedule, Fingerprint = "f1" },
            Target = new RecommendationTarget { ApiVersion = "v1", Kind = "Pod", Name = "archive-0", Namespace = "lab" },
            Change = new RecommendedChange { Sysctls = [new RecommendedSysctl { Name = "net.ipv4.tcp_rmem", Before = "4096 131072 131072", After = "4096 131072 1048576" }] },
            Approval = ApprovalDecision.Approved,
        },
    };

    private async Task<IClusterObjects> ObjectsAsync(bool inCluster, OptimizationPolicy? policy)
    {
        if (!inCluster)
        {
            Directory.CreateDirectory(Path.Combine(directory, "pods"));
            ObjectFile.Write(Path.Combine(directory, "pods", "lab-archive-0.yaml"), Examples.Pod("archive-0"));
            var policyFile = policy is null ? "" : Path.Combine(directory, "policy.yaml");
            if (policy is not null)
            {
                ObjectFile.Write(policyFile, policy);
            }

            var store = new DirectoryObjectStore<NetworkRecommendation>(directory, TimeProvider.System, NullLogger<DirectoryObjectStore<NetworkRecommendation>>.Instance);
            await store.ApplyAsync(Recommendation(), deadline.Token);
            return new ObjectsDirectory(new ClusterOptions { ObjectsDirectory = directory, PolicyFile = policyFile }, TimeProvider.System, store);
        }

        await StartServerAsync();
        server!.Add("v1", "pods", Json(Examples.Pod("archive-0")));
        server.Add("netpulse.io/v1alpha1", "networkrecommendations", Json(Recommendation()));
        if (policy is not null)
        {
            server.Add("netpulse.io/v1alpha1", "optimizationpolicies", Json(policy with { Metadata = new ObjectMeta { Name = "default" } }));
        }

        var objects = Followed();
        await SyncedAsync(objects);
        return objects;
    }

    private async Task StartServerAsync()
    {
        server = await TestApiServer.StartAsync();
        server.DefineOurs();
        server.Add("v1", "nodes", new JsonObject { ["metadata"] = new JsonObject { ["name"] = Examples.Node } });
        client = new KubernetesClient(server.Configuration(), TimeProvider.System, NullLogger<KubernetesClient>.Instance);
    }

    private ClusterObjects Followed(Func<Leadership?>? leadership = null)
    {
        followed = new ClusterObjects(client!, "default", group, leadership, time, NullLoggerFactory.Instance);
        _ = followed.StartAsync(deadline.Token);
        return followed;
    }

    private async Task<OptimizationPolicy> PolicyAsync(IClusterObjects objects, Predicate<OptimizationPolicy> isIt)
    {
        while (true)
        {
            if ((await objects.ReadAsync(deadline.Token)).Policy is var policy && isIt(policy))
            {
                return policy;
            }

            // What watches again has something to hear.
            server!.Add("netpulse.io/v1alpha1", "optimizationpolicies", Json(Examples.Policy() with { Metadata = new ObjectMeta { Name = "default" } }));
            await Task.Delay(50, deadline.Token);
        }
    }

    private async Task SyncedAsync(ClusterObjects objects)
    {
        while (!objects.IsSynced)
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    private static JsonObject Json<T>(T value) => System.Text.Json.JsonSerializer.SerializeToNode(value, KubernetesJson.TypeOf<T>())!.AsObject();

    /// <summary>It is later than it is; pauses take as long as they take.</summary>
    private sealed class LaterTime : TimeProvider
    {
        private long later;

        public TimeSpan Later
        {
            get => TimeSpan.FromTicks(Volatile.Read(ref later));
            set => Volatile.Write(ref later, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Later;
    }
}
