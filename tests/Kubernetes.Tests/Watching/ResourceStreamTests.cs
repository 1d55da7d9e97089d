using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Tests.Client;
using NetPulse.Kubernetes.Watching;

namespace NetPulse.Kubernetes.Tests.Watching;

#pragma warning disable CA1001 // disposed in DisposeAsync, which xunit calls
public sealed class ResourceStreamTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly StreamTiming Quick = new()
    {
        WatchFor = TimeSpan.FromSeconds(30),
        IdleWithBookmarks = TimeSpan.FromSeconds(1),
        FirstBackoff = TimeSpan.FromMilliseconds(20),
        LongestBackoff = TimeSpan.FromMilliseconds(200),
    };

    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(40));
    private TestApiServer server = null!;
    private KubernetesClient client = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        client = TestClient.Of(server.Configuration());
    }

    public async Task DisposeAsync()
    {
        await deadline.CancelAsync();
        client.Dispose();
        await server.DisposeAsync();
        deadline.Dispose();
    }

    [Fact]
    public async Task First_comes_everything_and_then_each_change()
    {
        AddPod("a");
        await using var follower = Follow();
        Assert.Equal(["a"], await follower.ListAsync());
        AddPod("b");
        Assert.Equal("stored b", await follower.NextAsync());
        server.Remove("v1", "pods", "a", "shop");
        Assert.Equal("removed a", await follower.NextAsync());
    }

    [Fact]
    public async Task A_list_in_pages_is_told_as_one()
    {
        for (var i = 0; i < 25; i++)
        {
            AddPod($"p{i:d2}");
        }

        await using var follower = Follow(new ResourceQuery { PageSize = 10 });
        Assert.Equal(25, (await follower.ListAsync()).Count);
        Assert.Equal(3, server.Seen.Count(static r => r.Target.Contains("limit=10", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_list_whose_moment_is_forgotten_between_two_pages_is_never_told_in_halves()
    {
        for (var i = 0; i < 25; i++)
        {
            AddPod($"p{i:d2}");
        }

        var query = new ResourceQuery { PageSize = 10 };
        var first = await client.ListPageAsync<Pod>(query, cancellationToken: deadline.Token);
        server.Forget();
        var gone = await TestClient.RefusedAsync(() => client.ListPageAsync<Pod>(query, first.Continue, deadline.Token));
        Assert.NotEmpty(Assert.IsType<ApiFault.Gone>(gone.Fault).Continue);

        // The same from within: one page, then a compaction, then the whole list anew.
        var forgetful = new ForgetfulPages(server);
        var list = await forgetful.ListAsync(client, query);
        Assert.Equal(25, list.Items.Length);
        Assert.Equal(25, list.Items.Select(static p => p.Metadata.Name).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task After_an_end_in_good_order_it_goes_on_without_a_new_list()
    {
        AddPod("a");
        await using var follower = Follow();
        await follower.ListAsync();
        await WatchedAsync();
        await server.EndWatchesAsync();
        AddPod("b");
        Assert.Equal("stored b", await follower.NextAsync());
        Assert.Equal(1, Lists());
    }

    [Fact]
    public async Task Half_a_line_is_left_out_and_the_watch_goes_on_from_the_last_whole_one()
    {
        AddPod("a");
        await using var follower = Follow();
        await follower.ListAsync();
        AddPod("b");
        Assert.Equal("stored b", await follower.NextAsync());
        await server.BreakWatchesAsync();
        AddPod("c");
        Assert.Equal("stored c", await follower.NextAsync());
        Assert.Equal(1, Lists());
    }

    [Fact]
    public async Task A_forgotten_version_brings_a_new_list()
    {
        AddPod("a");
        await using var follower = Follow();
        await follower.ListAsync();
        await WatchedAsync();
        AddPod("b");
        Assert.Equal("stored b", await follower.NextAsync());
        server.Forget();
        await server.EndWatchesAsync();
        Assert.Equal(["a", "b"], await follower.ListAsync());
    }

    [Fact]
    public async Task A_restart_of_the_server_is_survived_and_what_happened_meanwhile_is_told()
    {
        AddPod("a");
        AddPod("b");
        await using var follower = Follow();
        await follower.ListAsync();
        await server.StopAsync();
        server.Remove("v1", "pods", "a", "shop");
        AddPod("c");
        server.Forget();
        await server.ListenAsync();
        Assert.Equal(["b", "c"], await follower.ListAsync());
        AddPod("d");
        Assert.Equal("stored d", await follower.NextAsync());
    }

    [Fact]
    public async Task A_silent_peer_is_left_for_a_new_connection()
    {
        server.BookmarkEvery = TimeSpan.FromMilliseconds(100);
        AddPod("a");
        await using var follower = Follow(timing: Quick with { IdleWithBookmarks = TimeSpan.FromSeconds(5) });
        await follower.ListAsync();
        await BookmarkedAsync(follower);
        server.IsSilent = true;
        AddPod("b");
        var before = Watches();
        await EventuallyAsync(() => Watches() > before);
        server.IsSilent = false;
        AddPod("c");
        var told = new[] { await follower.NextAsync(), await follower.NextAsync() };
        Assert.Equal(["stored b", "stored c"], told);
        Assert.Equal(1, Lists());
    }

    /// <summary>As of a server that was restored from a backup and has yet to reach our version: 200, and not a line.</summary>
    [Fact]
    public async Task After_a_watch_without_a_word_all_is_listed_again()
    {
        server.BookmarkEvery = TimeSpan.FromMilliseconds(100);
        AddPod("a");
        await using var follower = Follow();
        await follower.ListAsync();
        await BookmarkedAsync(follower);
        server.IsSilent = true;
        AddPod("b");
        Assert.Equal(["a", "b"], await follower.ListAsync());
    }

    [Fact]
    public async Task A_watch_that_is_taken_ends_the_problem_before_its_first_line()
    {
        AddPod("a");
        await using var follower = Follow();
        await follower.ListAsync();
        await WatchedAsync();
        server.Deny("watch", "pods");
        await server.EndWatchesAsync();
        await EventuallyAsync(() => follower.Stream.RefusedSince is not null);
        Assert.NotEmpty(follower.Stream.Problem);
        server.Allow("watch", "pods");
        await EventuallyAsync(() => follower.Stream is { Problem: "", RefusedSince: null });
        Assert.Equal(1, Lists());
    }

    [Fact]
    public async Task A_missing_role_is_waited_for()
    {
        server.Deny("list", "pods");
        AddPod("a");
        await using var follower = Follow();
        await EventuallyAsync(() => Lists() > 1);
        server.Allow("list", "pods");
        Assert.Equal(["a"], await follower.ListAsync());
    }

    [Fact]
    public async Task A_bookmark_moves_the_version_on_so_that_a_compaction_costs_no_list()
    {
        server.BookmarkEvery = TimeSpan.FromMilliseconds(50);
        AddPod("a");
        await using var follower = Follow();
        await follower.ListAsync();
        await WatchedAsync();
        server.Add("v1", "configmaps", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "other", ["namespace"] = "shop" } });
        await Task.Delay(300, deadline.Token);
        await server.EndWatchesAsync();
        AddPod("b");
        Assert.Equal("stored b", await follower.NextAsync());
        Assert.Equal(1, Lists());
    }

    [Fact]
    public async Task What_leaves_the_selection_is_removed_though_it_lives()
    {
        AddPod("a", ("app", "web"));
        await using var follower = Follow(new ResourceQuery { LabelSelector = "app=web" });
        Assert.Equal(["a"], await follower.ListAsync());
        await WatchedAsync();
        AddPod("a", ("app", "other"));
        Assert.Equal("removed a", await follower.NextAsync());
        AddPod("a", ("app", "web"));
        Assert.Equal("stored a", await follower.NextAsync());
    }

    [Fact]
    public async Task Metadata_alone_is_a_stream_as_well()
    {
        AddPod("a", ("app", "web"));
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var stream = new ResourceStream<PartialObject<Pod>>(client, ResourceQuery.All, TimeProvider.System, NullLogger.Instance, Quick);
        await using var changes = stream.FollowAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.True(await changes.MoveNextAsync());
        var listed = Assert.IsType<ResourceChange<PartialObject<Pod>>.Listed>(changes.Current);
        Assert.Equal("web", listed.Items.Single().Metadata.Labels["app"]);

        Assert.Contains(server.Seen, static r => r.Headers["Accept"].Contains("as=PartialObjectMetadataList", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cache_finds_pods_by_node_address_owner_and_label()
    {
        var cache = new ResourceCache<Pod>(ResourceIndexes.PodNode, ResourceIndexes.PodAddress, ResourceIndexes.Owner<Pod>(), ResourceIndexes.Label<Pod>("app"));
        cache.Take(new ResourceChange<Pod>.Listed([PodOf("a", "10.0.0.1", "Running"), PodOf("done", "10.0.0.2", "Succeeded")]));
        Assert.True(cache.IsSynced);
        Assert.Equal("a", cache.By(ResourceIndexes.PodAddress, "10.0.0.1").Single().Metadata.Name);
        Assert.Empty(cache.By(ResourceIndexes.PodAddress, "10.0.0.2"));
        Assert.Equal(2, cache.By(ResourceIndexes.PodNode, "node-1").Length);
        Assert.Equal(2, cache.By(ResourceIndexes.Owner<Pod>(), "rs-1").Length);

        // A sandbox that was made anew: the same pod, another address.
        cache.Take(new ResourceChange<Pod>.Stored(PodOf("a", "10.0.0.9", "Running")));
        Assert.Empty(cache.By(ResourceIndexes.PodAddress, "10.0.0.1"));
        Assert.Equal("a", cache.By(ResourceIndexes.PodAddress, "10.0.0.9").Single().Metadata.Name);
        cache.Take(new ResourceChange<Pod>.Removed(PodOf("a", "", "Failed")));
        Assert.Empty(cache.By(ResourceIndexes.PodAddress, "10.0.0.9"));
        Assert.Equal("done", cache.By(ResourceIndexes.Label<Pod>("app"), "web").Single().Metadata.Name);
        cache.Take(new ResourceChange<Pod>.Listed([]));
        Assert.Equal(0, cache.Count);
        await cache.WaitUntilSyncedAsync(deadline.Token);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => Task.FromResult(cache.By(new ResourceIndex<Pod>("other", static _ => []), "x")));
    }

    private static Pod PodOf(string name, string ip, string phase) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = name,
            Namespace = "shop",
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = "web" },
            OwnerReferences = [new OwnerReference { ApiVersion = "apps/v1", Kind = "ReplicaSet", Name = "web", Uid = "rs-1" }],
        },
        Spec = new PodSpec { NodeName = "node-1" },
        Status = new PodStatus { Phase = phase, PodIP = ip, PodIPs = ip.Length > 0 ? [new PodAddress { Ip = ip }] : [] },
    };

    private void AddPod(string name, params (string Key, string Value)[] labels) => server.Add("v1", "pods", new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "shop", ["labels"] = new JsonObject(labels.Select(static l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))) },
        ["spec"] = new JsonObject { ["nodeName"] = "node-1" },
    });

    private Follower Follow(ResourceQuery? query = null, StreamTiming? timing = null) =>
        new(new ResourceStream<Pod>(client, query ?? ResourceQuery.All, TimeProvider.System, NullLogger.Instance, timing ?? Quick), deadline.Token);

    private int Lists() => server.Seen.Count(static r => r.Method == "GET" && r.Target.Contains("/pods", StringComparison.Ordinal) && !r.Target.Contains("watch=1", StringComparison.Ordinal));

    private int Watches() => server.Seen.Count(static r => r.Target.Contains("watch=1", StringComparison.Ordinal));

    /// <summary>Bookmarks were seen, so their absence means something.</summary>
    private Task BookmarkedAsync(Follower follower)
    {
        var listedAt = follower.Stream.HeardAt;
        return EventuallyAsync(() => follower.Stream.HeardAt > listedAt);
    }

    private Task WatchedAsync() => EventuallyAsync(() => server.OpenWatches > 0);

    private async Task EventuallyAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    /// <summary>Compacts once, after the first page.</summary>
    private sealed class ForgetfulPages(TestApiServer server)
    {
        public async Task<ResourceList<Pod>> ListAsync(KubernetesClient client, ResourceQuery query)
        {
            var pages = server.Seen.Count;
            var forgetting = Task.Run(async () =>
            {
                while (server.Seen.Count == pages)
                {
                    await Task.Yield();
                }

                server.Forget();
            }, CancellationToken.None);
            var list = await client.ListAsync<Pod>(query, CancellationToken.None);
            await forgetting;
            return list;
        }
    }

    private sealed class Follower : IAsyncDisposable
    {
        private readonly Channel<ResourceChange<Pod>> changes = Channel.CreateUnbounded<ResourceChange<Pod>>();
        private readonly CancellationTokenSource stop;
        private readonly Task running;

        public Follower(ResourceStream<Pod> stream, CancellationToken cancellationToken)
        {
            (Stream, stop) = (stream, CancellationTokenSource.CreateLinkedTokenSource(cancellationToken));
            running = RunAsync(stream);
        }

        public ResourceStream<Pod> Stream { get; }

        public async Task<IReadOnlyList<string>> ListAsync() =>
            [.. Assert.IsType<ResourceChange<Pod>.Listed>(await changes.Reader.ReadAsync(stop.Token)).Items.Select(static p => p.Metadata.Name)];

        public async Task<string> NextAsync() => await changes.Reader.ReadAsync(stop.Token) switch
        {
            ResourceChange<Pod>.Stored stored => $"stored {stored.Item.Metadata.Name}",
            ResourceChange<Pod>.Removed removed => $"removed {removed.Item.Metadata.Name}",
            var listed => listed.ToString(),
        };

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await running;
            stop.Dispose();
        }

        private async Task RunAsync(ResourceStream<Pod> stream)
        {
            try
            {
                await foreach (var change in stream.FollowAsync(stop.Token))
                {
                    await changes.Writer.WriteAsync(change, CancellationToken.None);
                }
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }
    }
}
