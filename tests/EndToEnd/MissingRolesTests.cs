using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using NetPulse.ApiServer;
using NetPulse.Tests;

namespace NetPulse.EndToEnd;

/// <summary>Each service without any role of its own, and then with one more each time that it says which one it lacks.</summary>
public sealed class MissingRolesTests : IAsyncLifetime, IAsyncDisposable
{
    private const string Recommendations = "networkrecommendations";
    private const string Api = "netpulse.io/v1alpha1";

    private readonly CancellationTokenSource deadline = new(TimeSpan.FromMinutes(4));
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private TestApiServer server = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        server.DefineOurs();
        server.Tokens["token-of-reader"] = "reader";
        server.Add("v1", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "netpulse" } });
        server.Add("v1", "nodes", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "node-1" } });
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        deadline.Dispose();
    }

    [Fact]
    public async Task The_optimizer_names_each_role_that_it_lacks_and_goes_on_when_it_has_it()
    {
        server.Add(Api, "optimizationpolicies", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default" }, ["spec"] = new JsonObject { ["mode"] = "Propose" } });
        Recommend("stuck");
        var rules = Deny("base/optimizer.yaml");
        using var service = ServiceUnderTest.StartOptimizer(Path.Combine(directory, "optimizer"), ServiceUnderTest.FreePort(), Environment("optimizer"), "--cluster:source=Cluster", "--schedule:cron=* * * * * ?");
        await service.AnswersAsync();
        await AllowWhatIsNamedAsync(service, "optimizer", rules, "/api/v1/journal", () =>
            server.Find(Api, Recommendations, "stuck", "shop")?["status"]?["phase"]?.ToString() == "Expired"
            && server.Find(Api, "optimizationpolicies", "default")?["status"]?["conditions"]?[0]?["status"]?.ToString() == "True"
            && !rules.Contains(("create", "events.k8s.io", "events")));
        Assert.True((await service.Http.GetAsync("/healthz", deadline.Token)).IsSuccessStatusCode);
    }

    /// <summary>One rule after the other, of each kind that is watched at the same time, of a service that has worked with all of them.</summary>
    [Fact]
    public async Task A_role_of_the_optimizer_that_is_taken_away_is_told_on_the_policy_and_once_in_the_log_while_it_runs_on()
    {
        server.Add(Api, "optimizationpolicies", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default" }, ["spec"] = new JsonObject { ["mode"] = "Propose" } });
        using var service = ServiceUnderTest.StartOptimizer(Path.Combine(directory, "optimizer"), ServiceUnderTest.FreePort(), Environment("optimizer"), "--cluster:source=Cluster", "--schedule:cron=* * * * * ?");
        await service.AnswersAsync();
        await service.UntilAsync(() => Task.FromResult(Ready("status") == "True"));
        var taken = new ConcurrentBag<(string Verb, string Resource)>();
        await Task.WhenAll(new[] { "pods", "namespaces", "nodes", "nodetunings", "optimizationpolicies", Recommendations }.Select(async resource =>
        {
            // A watch that had begun before goes on; a real server ends it some minutes later.
            await TakeAsync("watch", resource, () => server.EndWatchesAsync(resource), isOnPolicy: true);
            await TakeAsync("list", resource, () =>
            {
                server.Forget();
                return server.EndWatchesAsync(resource);
            }, isOnPolicy: true);
        }));

        await TakeAsync("list", "networkpolicies", Nothing, isOnPolicy: true);

        // The policy itself cannot say these; with another role missing it has something to say.
        foreach (var (verb, resource) in new[] { ("get", "optimizationpolicies"), ("patch", "optimizationpolicies/status") })
        {
            await service.UntilAsync(() => Task.FromResult(Ready("status") == "True"));
            await TakeAsync(verb, resource, DenyAnother, isOnPolicy: false);
            server.Allow("list", "networkpolicies");
        }

        await TakeAsync("get", Recommendations, () => Recommended("unread"), isOnPolicy: true);
        await TakeAsync("patch", $"{Recommendations}/status", () => Recommended("unwritten"), isOnPolicy: true);
        await TakeAsync("create", "events", () => Recommended($"untold-{server.Seen.Count}"), isOnPolicy: false);
        await TakeAsync("create", "tokenreviews", () => AskAs("reader"), isOnPolicy: false);
        await TakeAsync("create", "subjectaccessreviews", () => AskAs($"reader-{server.Seen.Count}"), isOnPolicy: false);
        await TakeAsync("get", "leases", Nothing, isOnPolicy: false);
        await TakeAsync("update", "leases", Nothing, isOnPolicy: false);
        server.Deny("create", "leases");
        server.Remove("coordination.k8s.io/v1", "leases", "netpulse-optimizer", "netpulse");
        await TakeAsync("create", "leases", Nothing, isOnPolicy: false);
        await service.UntilAsync(() => Task.FromResult(Ready("status") == "True"));

        // Read at the start and then seldom, or written with a proposal or a change alone: other tests take these.
        Assert.Equal(
            ["create networkrecommendations", "create nodetunings", "delete networkrecommendations", "get nodetunings", "list services", "patch events", "patch networkrecommendations", "patch nodetunings"],
            new GrantedRules("base/optimizer.yaml").All.Select(static rule => (rule.Verb, rule.Resource)).Except(taken).Select(static rule => $"{rule.Verb} {rule.Resource}").Order(StringComparer.Ordinal));

        async Task TakeAsync(string verb, string resource, Func<Task> provoke, bool isOnPolicy)
        {
            taken.Add((verb, resource));
            server.Deny(verb, resource);
            var named = $"the verb {verb} on {resource} ";
            await provoke();
            await service.UntilAsync(async () =>
            {
                if (verb == "create")
                {
                    await provoke();
                }

                return service.Output.Contains(named, StringComparison.Ordinal) && (!isOnPolicy || (Ready("status") == "False" && Ready("message").Contains(named, StringComparison.Ordinal)));
            });
            if (resource == "networkpolicies")
            {
                // Asked again and again, and told no more.
                var (lines, asked) = (LinesWith(named), Asked());
                await service.UntilAsync(() => Task.FromResult(Asked() > asked + 2));
                Assert.Equal(lines, LinesWith(named));
            }

            server.Allow(verb, resource);
        }

        int LinesWith(string named) => service.Output.Split('\n').Count(line => line.Contains(named, StringComparison.Ordinal));

        int Asked() => server.Seen.Count(static request => request.Target.Contains("/networkpolicies", StringComparison.Ordinal));

        string Ready(string field) => server.Find(Api, "optimizationpolicies", "default")?["status"]?["conditions"]?[0]?[field]?.ToString() ?? "";

        Task DenyAnother()
        {
            server.Deny("list", "networkpolicies");
            return Task.CompletedTask;
        }

        Task Recommended(string name)
        {
            if (server.Find(Api, Recommendations, name, "shop") is null)
            {
                Recommend(name);
            }

            return Task.CompletedTask;
        }

        // Whom it has not asked about yet.
        Task AskAs(string user)
        {
            var token = $"token-{server.Tokens.Count}";
            server.Tokens[token] = user;
            return AskAsync(service, "/api/v1/status", token);
        }
    }

    [KernelFact]
    public async Task The_Tuner_names_each_role_that_it_lacks_and_goes_on_when_it_has_it()
    {
        var rules = Deny("tuner/tuner.yaml");
        using var service = ServiceUnderTest.Start(
            "Tuner", "netpulse-tuner", Environment("tuner"), "run", "--tuner:source=Cluster", "--tuner:node=node-1", $"--tuner:stateDirectory={Path.Combine(directory, "state")}");
        await AllowWhatIsNamedAsync(service, "tuner", rules, "", () => server.Find(Api, "nodetunings", "node-1")?["status"]?["knobs"] is JsonArray { Count: > 0 });
        service.Signal("TERM");
        Assert.Equal(0, await service.EndsAsync());
    }

    [KernelFact]
    public async Task The_collector_names_each_role_that_it_lacks_and_shows_its_figures_to_whom_it_may()
    {
        var rules = Deny("base/collector.yaml");

        // Those of the kubelet are asked of the kubelet, and samples are written to the optimizer.
        rules.RemoveWhere(static rule => rule.Resource.StartsWith("nodes/", StringComparison.Ordinal) || rule.Resource.StartsWith("optimizers/", StringComparison.Ordinal));
        var port = ServiceUnderTest.FreePort();
        using var service = ServiceUnderTest.Start(
            "Collector", "netpulse-collector", Environment("collector"), "--attribution:source=Cluster", "--node:name=node-1", $"--http:listen=127.0.0.1:{port}");
        service.Http.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        await service.AnswersAsync();
        await AllowWhatIsNamedAsync(service, "collector", rules, "/metrics", () => rules.Count == 0);
        await service.UntilAsync(async () => (await AskAsync(service, "/metrics")).Contains("netpulse_source_success", StringComparison.Ordinal));

        // Without a token nobody sees a figure, and the kubelet still sees that it lives.
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await service.Http.GetAsync("/metrics", deadline.Token)).StatusCode);
        Assert.True((await service.Http.GetAsync("/healthz", deadline.Token)).IsSuccessStatusCode);
        service.Signal("TERM");
        Assert.Equal(0, await service.EndsAsync());
    }

    private static Task Nothing() => Task.CompletedTask;

    /// <summary>What the optimizer will tell of as expired.</summary>
    private void Recommend(string name) => server.Add(Api, Recommendations, new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "shop" },
        ["spec"] = new JsonObject
        {
            ["source"] = new JsonObject { ["kind"] = "User", ["fingerprint"] = name },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = "node-1" },
            ["change"] = new JsonObject { ["sysctls"] = new JsonArray(new JsonObject { ["name"] = "net.core.somaxconn", ["after"] = "8192" }) },
            ["expiresAt"] = "2026-01-01T00:00:00Z",
        },
    });

    /// <returns>What the manifest's roles allow, all of it denied.</returns>
    private HashSet<(string Verb, string Group, string Resource)> Deny(string manifest)
    {
        var rules = new GrantedRules(manifest).All.ToHashSet();
        foreach (var (verb, _, resource) in rules)
        {
            server.Deny(verb, resource);
        }

        return rules;
    }

    /// <summary>Ends once the service does what it is for; what it asked for until then it must have named before it got it.</summary>
    /// <param name="rules">Those that are denied still.</param>
    /// <param name="path">Asked again and again, as what it answers, or who may ask, tells of roles too; empty where nothing can be asked.</param>
    private async Task AllowWhatIsNamedAsync(ServiceUnderTest service, string user, HashSet<(string Verb, string Group, string Resource)> rules, string path, Func<bool> isDone)
    {
        var named = new HashSet<(string Verb, string Group, string Resource)>();
        while (!isDone())
        {
            Assert.False(deadline.IsCancellationRequested, $"still denied: {string.Join(", ", rules)}\n{service.Output}\n{service.Errors}");
            var told = service.Output + (path.Length > 0 ? await AskAsync(service, path) : "");
            foreach (var rule in rules.Where(rule => told.Contains($"the verb {rule.Verb} on {rule.Resource} ", StringComparison.Ordinal)).ToList())
            {
                named.Add(rule);
                rules.Remove(rule);
                server.Allow(rule.Verb, rule.Resource);
            }

            // Not the deadline's: what is missing then is said above.
            await Task.Delay(100, CancellationToken.None);
        }

        Assert.NotEmpty(named);
        Assert.Empty(server.Seen.Where(request => request.Headers.GetValueOrDefault("Authorization") == $"Bearer token-of-{user}").Select(GrantedRules.Asked).Distinct().Except(named));
    }

    private Dictionary<string, string> Environment(string user) =>
        new(StringComparer.Ordinal) { ["KUBECONFIG"] = TestKubeconfig.Write(Path.Combine(directory, user), user, server) };

    private async Task<string> AskAsync(ServiceUnderTest service, string path, string token = "token-of-reader")
    {
        using var asked = new HttpRequestMessage(HttpMethod.Get, path);
        asked.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await service.Http.SendAsync(asked, deadline.Token);
        return await answer.Content.ReadAsStringAsync(deadline.Token);
    }
}
