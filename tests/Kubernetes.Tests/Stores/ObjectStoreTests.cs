using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Kubernetes.Tests.Client;
using NetPulse.Kubernetes.Watching;

namespace NetPulse.Kubernetes.Tests.Stores;

/// <summary>What holds of every store: the same tests over the API server and over a directory.</summary>
public sealed class ObjectStoreTests : IAsyncDisposable
{
    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
    private readonly string directory = Directory.CreateTempSubdirectory("netpulse-store-").FullName;
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
    public async Task What_is_applied_is_there_and_its_status_is_written_apart(bool inCluster)
    {
        var store = await StoreAsync<NodeTuning>(inCluster);
        Assert.Null(await store.FindAsync("node-1", cancellationToken: deadline.Token));
        var applied = await store.ApplyAsync(Tuning("1") with { Status = new NodeTuningStatus { Problem = "not here" } }, deadline.Token);
        Assert.Equal("1", applied.Spec.Settings.Single().Value);
        Assert.Null(applied.Status);

        var withStatus = await store.ApplyStatusAsync(new NodeTuning { Metadata = new ObjectMeta { Name = "node-1" }, Status = Status("all is well") }, deadline.Token);
        Assert.Equal(("1", "all is well"), (withStatus.Spec.Settings.Single().Value, withStatus.Status?.Problem));
        Assert.Equal(applied.Metadata.Generation, withStatus.Metadata.Generation);

        var changed = await store.ApplyAsync(Tuning("2"), deadline.Token);
        Assert.Equal(("2", "all is well"), (changed.Spec.Settings.Single().Value, changed.Status?.Problem));
        Assert.NotEqual(applied.Metadata.Generation, changed.Metadata.Generation);
        Assert.Equal("2", (await store.ListAsync(deadline.Token)).Items.Single().Spec.Settings.Single().Value);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_same_once_more_is_no_change(bool inCluster)
    {
        var store = await StoreAsync<NodeTuning>(inCluster);
        var first = await store.ApplyAsync(Tuning("1"), deadline.Token);
        var second = await store.ApplyAsync(Tuning("1"), deadline.Token);
        Assert.Equal((first.Metadata.ResourceVersion, first.Metadata.Generation), (second.Metadata.ResourceVersion, second.Metadata.Generation));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_version_that_is_not_the_stored_one_is_a_conflict(bool inCluster)
    {
        var store = await StoreAsync<NodeTuning>(inCluster);
        var first = await store.ApplyAsync(Tuning("1"), deadline.Token);
        await store.ApplyAsync(Tuning("2"), deadline.Token);
        var stale = Tuning("3") with { Metadata = new ObjectMeta { Name = "node-1", ResourceVersion = first.Metadata.ResourceVersion } };
        Assert.IsType<ApiFault.VersionConflict>((await TestClient.RefusedAsync(() => store.ApplyAsync(stale, deadline.Token))).Fault);
        Assert.Equal("2", (await store.FindAsync("node-1", cancellationToken: deadline.Token))?.Spec.Settings.Single().Value);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_may_not_be_is_refused_with_its_field(bool inCluster)
    {
        var store = await StoreAsync<NodeTuning>(inCluster);
        var bad = Tuning("1") with { Spec = new NodeTuningSpec { Settings = [new SysctlSetting { Name = "a", Sysctl = "kernel.msgmax", Value = "1" }] } };
        var invalid = Assert.IsType<ApiFault.Invalid>((await TestClient.RefusedAsync(() => store.ApplyAsync(bad, deadline.Token))).Fault);
        Assert.Equal("spec.settings[0].sysctl", invalid.Fields.Single().Path);
        var badName = Tuning("1") with { Metadata = new ObjectMeta { Name = "Not_A_Name" } };
        Assert.IsType<ApiFault.Invalid>((await TestClient.RefusedAsync(() => store.ApplyAsync(badName, deadline.Token))).Fault);
        Assert.Null(await store.FindAsync("node-1", cancellationToken: deadline.Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_status_without_an_object_and_a_deletion_of_nothing_are_not_found(bool inCluster)
    {
        var store = await StoreAsync<NodeTuning>(inCluster);
        var status = new NodeTuning { Metadata = new ObjectMeta { Name = "node-1" }, Status = Status("x") };
        Assert.IsType<ApiFault.NotFound>((await TestClient.RefusedAsync(() => store.ApplyStatusAsync(status, deadline.Token))).Fault);
        Assert.IsType<ApiFault.NotFound>((await TestClient.RefusedAsync(() => store.DeleteAsync("node-1", cancellationToken: deadline.Token))).Fault);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_follows_is_told_of_all_and_then_of_each_change(bool inCluster)
    {
        var store = await StoreAsync<NodeTuning>(inCluster);
        await store.ApplyAsync(Tuning("1"), deadline.Token);
        var changes = Channel.CreateUnbounded<ResourceChange<NodeTuning>>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token);
        var following = FollowAsync();

        Assert.Single(Assert.IsType<ResourceChange<NodeTuning>.Listed>(await NextAsync()).Items);
        await store.ApplyAsync(Tuning("2"), deadline.Token);
        Assert.Equal("2", Assert.IsType<ResourceChange<NodeTuning>.Stored>(await NextAsync()).Item.Spec.Settings.Single().Value);
        await store.ApplyStatusAsync(new NodeTuning { Metadata = new ObjectMeta { Name = "node-1" }, Status = Status("now") }, deadline.Token);
        Assert.Equal("now", Assert.IsType<ResourceChange<NodeTuning>.Stored>(await NextAsync()).Item.Status?.Problem);
        await store.DeleteAsync("node-1", cancellationToken: deadline.Token);
        Assert.Equal("node-1", Assert.IsType<ResourceChange<NodeTuning>.Removed>(await NextAsync()).Item.Metadata.Name);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);

        async Task FollowAsync()
        {
            await foreach (var change in store.FollowAsync(stop.Token))
            {
                await changes.Writer.WriteAsync(change, CancellationToken.None);
            }
        }

        async Task<ResourceChange<NodeTuning>> NextAsync() => await changes.Reader.ReadAsync(deadline.Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_recommendation_lives_in_its_namespace_and_defaults_are_the_same_everywhere(bool inCluster)
    {
        var store = await StoreAsync<NetworkRecommendation>(inCluster);
        var stored = await store.ApplyAsync(Recommendation(), deadline.Token);
        Assert.Equal((ApprovalDecision.Pending, "shop"), (stored.Spec?.Approval, stored.Metadata.Namespace));
        var condition = new Condition { Type = "Approved", Status = Condition.False, Reason = "Waiting", Message = "", LastTransitionTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) };
        var status = new NetworkRecommendationStatus { Phase = RecommendationPhase.AwaitingApproval, Conditions = [condition] };
        var told = await store.ApplyStatusAsync(Recommendation() with { Status = status }, deadline.Token);
        Assert.Equal((RecommendationPhase.AwaitingApproval, condition), (told.Status?.Phase, told.Status?.Conditions.OfType("Approved")));
        Assert.Null(await store.FindAsync("raise-window", "other", deadline.Token));

        var policies = await StoreAsync<OptimizationPolicy>(inCluster);
        var policy = await policies.ApplyAsync(new OptimizationPolicy { Metadata = new ObjectMeta { Name = "default" }, Spec = new OptimizationPolicySpec { ProtectedNamespaces = [] } }, deadline.Token);
        Assert.Empty(policy.Spec.ProtectedNamespaces);
        Assert.Equal((TimeSpan.FromMinutes(10), 5, OptimizationMode.Observe), (policy.Spec.Canary.Duration, policy.Spec.Limits.ChangesPerHour, policy.Spec.Mode));
    }

    [Fact]
    public async Task A_broken_file_is_a_problem_and_no_deletion()
    {
        var store = (DirectoryObjectStore<NodeTuning>)await StoreAsync<NodeTuning>(inCluster: false);
        await store.ApplyAsync(Tuning("1"), deadline.Token);
        await using var changes = store.FollowAsync(deadline.Token).GetAsyncEnumerator(deadline.Token);
        Assert.True(await changes.MoveNextAsync());
        var file = Path.Combine(directory, "nodetunings", "node-1.yaml");
        await File.WriteAllTextAsync(file, "kind: NodeTuning\nspec: [", deadline.Token);
        var next = changes.MoveNextAsync().AsTask();
        while (store.Problems.Count == 0)
        {
            await Task.Delay(20, deadline.Token);
        }

        Assert.False(next.IsCompleted);
        Assert.Contains(file, store.Problems.Single().Message, StringComparison.Ordinal);
        await store.DeleteAsync("node-1", cancellationToken: deadline.Token);
        Assert.True(await next);
        Assert.IsType<ResourceChange<NodeTuning>.Removed>(changes.Current);
    }

    private static NodeTuning Tuning(string value) => new()
    {
        Metadata = new ObjectMeta { Name = "node-1" },
        Spec = new NodeTuningSpec { Settings = [new SysctlSetting { Name = "a", Sysctl = "net.core.somaxconn", Value = value }] },
    };

    private static NodeTuningStatus Status(string problem) => new() { Problem = problem, ObservedAt = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) };

    private static NetworkRecommendation Recommendation() => new()
    {
        Metadata = new ObjectMeta { Name = "raise-window", Namespace = "shop" },
        Spec = new NetworkRecommendationSpec
        {
            Source = new RecommendationSource { Kind = RecommendationSourceKind.Schedule, Fingerprint = "f1" },
            Target = new RecommendationTarget { ApiVersion = "v1", Kind = "Pod", Name = "web-0", Namespace = "shop" },
            Change = new RecommendedChange { Sysctl = "net.ipv4.tcp_rmem", Before = "4096 131072 6291456", After = "4096 131072 12582912" },
        },
    };

    private async Task<IObjectStore<T>> StoreAsync<T>(bool inCluster)
        where T : class, IWholeResource<T>
    {
        if (!inCluster)
        {
            return new DirectoryObjectStore<T>(directory, TimeProvider.System, NullLogger<DirectoryObjectStore<T>>.Instance);
        }

        if (server is null)
        {
            server = await TestApiServer.StartAsync();
            client = TestClient.Of(server.Configuration());
            server.DefineOurs();

            server.Add("v1", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "shop" } });
        }

        return new ClusterObjectStore<T>(client!, ResourceQuery.All, TimeProvider.System, NullLogger<ClusterObjectStore<T>>.Instance);
    }
}
