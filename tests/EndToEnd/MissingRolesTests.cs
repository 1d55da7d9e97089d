using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NetPulse.ApiServer;
using NetPulse.Tests;

namespace NetPulse.EndToEnd;

/// <summary>Each service without any role of its own, and then with one more each time that it says which one it lacks.</summary>
public sealed partial class MissingRolesTests : IAsyncLifetime, IAsyncDisposable
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
        AddPolicy();
        Recommend("stuck");
        var rules = Deny("base/optimizer.yaml");
        using var service = ServiceUnderTest.StartOptimizer(Path.Combine(directory, "optimizer"), ServiceUnderTest.FreePort(), Environment("optimizer"), "--cluster:source=Cluster", "--schedule:cron=* * * * * ?");
        await service.AnswersAsync();
        await AllowWhatIsNamedAsync(service, "optimizer", rules);
        await service.UntilAsync(() => Task.FromResult(server.Find(Api, Recommendations, "stuck", "shop")?["status"]?["phase"]?.ToString() == "Expired" && Ready("status") == "True"));
        Assert.True((await service.Http.GetAsync("/healthz", deadline.Token)).IsSuccessStatusCode);
    }

    /// <summary>Every rule of a service that has worked with all of them: those of which the policy can tell, those without which nobody leads, and those without which the policy can tell nothing.</summary>
    [Fact]
    public async Task A_role_of_the_optimizer_that_is_taken_away_is_told_where_somebody_looks_while_it_runs_on()
    {
        AddPolicy();
        var pod = server.Add("v1", "pods", new JsonObject { ["metadata"] = new JsonObject { ["name"] = System.Environment.MachineName, ["namespace"] = "netpulse" }, ["spec"] = new JsonObject(), ["status"] = new JsonObject() });
        server.Granted = new GrantedRules("base/optimizer.yaml").All;
        var rules = server.Granted.Select(static rule => (rule.Verb, rule.Resource)).ToList();
        var untellable = new (string Verb, string Resource)[] { ("get", "optimizationpolicies"), ("patch", "optimizationpolicies/status") };
        var leading = rules.Where(static rule => rule.Resource == "leases").ToList();
        using var service = ServiceUnderTest.StartOptimizer(Path.Combine(directory, "optimizer"), ServiceUnderTest.FreePort(), Environment("optimizer"), "--cluster:source=Cluster", "--schedule:cron=* * * * * ?");
        await service.AnswersAsync();
        await InOrderAsync();

        // Addresses are listed before policies, and then seldom: without the first round no policy would be asked for.
        await service.UntilAsync(() => Task.FromResult(Asked() > 0));
        await TakeAsync(rules.Except(untellable).Except(leading), isOnPolicy: true, IsRefusedInUseAsync);
        await TakeAsync(leading, isOnPolicy: true, LeadsNoLongerAsync);
        foreach (var rule in untellable)
        {
            await TakeAsync([rule], isOnPolicy: false);
        }

        async Task TakeAsync(IEnumerable<(string Verb, string Resource)> taken, bool isOnPolicy, Func<Task>? meanwhile = null)
        {
            var all = taken.ToList();
            foreach (var (verb, resource) in all)
            {
                server.Deny(verb, resource);
            }

            await service.UntilAsync(() =>
            {
                var told = isOnPolicy ? Ready("status") == "False" ? Ready("message") : "" : Told(pod) + Told(server.Find(Api, "optimizationpolicies", "default")!);
                return Task.FromResult(all.TrueForAll(rule => told.Contains(Named(rule), StringComparison.Ordinal) && service.Output.Contains(Named(rule), StringComparison.Ordinal)));
            });
            await (meanwhile?.Invoke() ?? Task.CompletedTask);
            foreach (var (verb, resource) in all)
            {
                server.Allow(verb, resource);
            }

            await InOrderAsync();
        }

        // What could not be done is known to work again when it is done again.
        async Task InOrderAsync()
        {
            Recommend($"told-{server.Seen.Count}");
            await AskAsync(service, "/api/v1/status", NewToken());
            await service.UntilAsync(() => Task.FromResult(Ready("status") == "True"));
        }

        // What is known stays when watches end and nothing can be listed; what is asked again and again is told no more.
        async Task IsRefusedInUseAsync()
        {
            server.Forget();
            await server.EndWatchesAsync();
            await AskAsync(service, "/api/v1/status", NewToken());
            await service.UntilAsync(() => Task.FromResult(
                new[] { "pods", "namespaces", "nodes", "nodetunings", "optimizationpolicies", Recommendations, "networkpolicies", "tokenreviews" }.All(kind => LinesWith($"/{kind}: 403") > 0)));
            var (lines, asked) = (LinesWith("/networkpolicies: 403"), Asked());
            await service.UntilAsync(() => Task.FromResult(Asked() > asked + 2));
            Assert.Equal(lines, LinesWith("/networkpolicies: 403"));
        }

        int Asked() => server.Seen.Count(static request => request.Target.Contains("/networkpolicies", StringComparison.Ordinal));

        // One more rule: no leader is left to write it.
        async Task LeadsNoLongerAsync()
        {
            await service.UntilAsync(() => Task.FromResult(LinesWith("leads no longer") == LinesWith("leads now")));
            server.Deny("list", "services");
            await service.UntilAsync(() => Task.FromResult(Ready("message").Contains(Named(("list", "services")), StringComparison.Ordinal)));
            Assert.Contains(server.Seen, static request => request.Target.Contains("/default/status?", StringComparison.Ordinal) && request.Target.Contains("fieldManager=netpulse-leaderless", StringComparison.Ordinal));
            server.Allow("list", "services");
        }

        int LinesWith(string text) => service.Output.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

        // Of Events on the object, as kubectl describe finds them.
        string Told(JsonObject regarding) => string.Concat(
            server.All("events.k8s.io/v1", "events").Where(each => each["regarding"]?["uid"]?.ToString() == regarding["metadata"]!["uid"]!.ToString()).Select(static each => each["note"]!.ToString()));

        // Of whom it has not asked yet.
        string NewToken()
        {
            var token = $"token-{server.Tokens.Count}";
            server.Tokens[token] = $"reader-{server.Tokens.Count}";
            return token;
        }
    }

    [KernelFact]
    public async Task The_Tuner_names_each_role_that_it_lacks_and_goes_on_when_it_has_it()
    {
        var rules = Deny("tuner/tuner.yaml");
        using var service = ServiceUnderTest.Start(
            "Tuner", "netpulse-tuner", Environment("tuner"), "run", "--tuner:source=Cluster", "--tuner:node=node-1", $"--tuner:stateDirectory={Path.Combine(directory, "state")}");
        await AllowWhatIsNamedAsync(service, "tuner", rules);
        await service.UntilAsync(() => Task.FromResult(server.Find(Api, "nodetunings", "node-1")?["status"]?["knobs"] is JsonArray { Count: > 0 }));
        service.Signal("TERM");
        Assert.Equal(0, await service.EndsAsync());
    }

    [KernelFact]
    public async Task The_collector_names_each_role_that_it_lacks_and_shows_its_figures_to_whom_it_may()
    {
        var rules = Deny("base/collector.yaml");
        var port = ServiceUnderTest.FreePort();
        using var service = ServiceUnderTest.Start(
            "Collector", "netpulse-collector", Environment("collector"), "--attribution:source=Cluster", "--node:name=node-1", $"--http:listen=127.0.0.1:{port}",
            "--kubelet:url=https://127.0.0.1:1", $"--kubelet:tokenFile={Token()}", "--export:destinations:0:name=optimizer", "--export:destinations:0:url=http://127.0.0.1:1/api/v1/write", $"--export:destinations:0:tokenFile={Token()}");
        service.Http.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        await service.AnswersAsync();
        await service.UntilAsync(async () => await AskAsync(service, "/readyz") is var told && rules.All.All(rule => told.Contains(Named((rule.Verb, rule.Resource)), StringComparison.Ordinal)));
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await service.Http.GetAsync("/readyz", deadline.Token)).StatusCode);
        await AllowWhatIsNamedAsync(service, "collector", rules);
        await service.UntilAsync(async () => (await AskAsync(service, "/metrics")) is var metrics && metrics.Contains("netpulse_source_success", StringComparison.Ordinal) && metrics.Contains($"netpulse_roles_missing{{", StringComparison.Ordinal));

        // Without a token nobody sees a figure, and the kubelet still sees that it lives.
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await service.Http.GetAsync("/metrics", deadline.Token)).StatusCode);
        Assert.True((await service.Http.GetAsync("/healthz", deadline.Token)).IsSuccessStatusCode);
        service.Signal("TERM");
        Assert.Equal(0, await service.EndsAsync());
    }

    private static string Named((string Verb, string Resource) rule) => $"the verb {rule.Verb} on {rule.Resource} ";

    private void AddPolicy() => server.Add(Api, "optimizationpolicies", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default" }, ["spec"] = new JsonObject { ["mode"] = "Propose" } });

    private string Ready(string field) => server.Find(Api, "optimizationpolicies", "default")?["status"]?["conditions"]?[0]?[field]?.ToString() ?? "";

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
    private GrantedRules Deny(string manifest)
    {
        var rules = new GrantedRules(manifest);
        server.Granted = rules.All;
        foreach (var (verb, _, resource) in rules.All)
        {
            server.Deny(verb, resource);
        }

        return rules;
    }

    /// <summary>The service names each rule of its manifest and no other; what it asks for, then and later, it has named.</summary>
    private async Task AllowWhatIsNamedAsync(ServiceUnderTest service, string user, GrantedRules rules)
    {
        await service.UntilAsync(() => Task.FromResult(rules.All.All(rule => service.Output.Contains(Named((rule.Verb, rule.Resource)), StringComparison.Ordinal))));
        Assert.Empty(NamedRule().Matches(service.Output).Select(static found => (found.Groups["verb"].Value, found.Groups["resource"].Value)).Except(rules.All.Select(static rule => (rule.Verb, rule.Resource))));
        foreach (var (verb, _, resource) in rules.All)
        {
            server.Allow(verb, resource);
        }

        Assert.Empty(rules.Lacking(server.Seen.Where(request => request.Headers.GetValueOrDefault("Authorization") == $"Bearer token-of-{user}")));
    }

    private Dictionary<string, string> Environment(string user) =>
        new(StringComparer.Ordinal) { ["KUBECONFIG"] = TestKubeconfig.Write(Path.Combine(directory, user), user, server) };

    private string Token()
    {
        var file = Path.Combine(directory, "token");
        File.WriteAllText(file, "token-of-collector");
        return file;
    }

    private async Task<string> AskAsync(ServiceUnderTest service, string path, string token = "token-of-reader")
    {
        using var asked = new HttpRequestMessage(HttpMethod.Get, path);
        asked.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await service.Http.SendAsync(asked, deadline.Token);
        return await answer.Content.ReadAsStringAsync(deadline.Token);
    }

    [GeneratedRegex("the verb (?<verb>[a-z]+) on (?<resource>[a-z/]+) ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex NamedRule();
}
