using System.Runtime.CompilerServices;
using NetPulse.Optimizer.Policies.Cases;
using NetPulse.Optimizer.Policies.Commands;

namespace NetPulse.Optimizer.Tests.Policies;

public sealed class CommandTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nptest-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_denied_connection_is_explained_with_the_patch_that_would_allow_it()
    {
        Write("shop.yaml", Manifest.Shop);
        Write("policies/deny.yaml", Manifest.Policy("deny", "{podSelector: {matchLabels: {app: db}}}"));
        var (code, output, errors) = await RunAsync("can", "mon/prom", "shop/db", "5432", "--manifests", folder.FullName);
        Assert.Equal(1, code);
        Assert.Equal("", errors);
        Assert.StartsWith("mon/prom -> shop/db 5432/TCP: denied\n", output, StringComparison.Ordinal);
        Assert.Contains("isolated by NetworkPolicy shop/deny", output, StringComparison.Ordinal);
        Assert.Contains("kubectl patch networkpolicy -n shop deny --type=json", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_file_is_named_with_line_and_column_and_the_others_still_count()
    {
        Write("a.yaml", $"{Manifest.Shop}---\n{Manifest.Policy("deny", "{podSelector: {}}")}---\na: [1\n");
        Write("b.yaml", "a: 1\n b: 2\n");
        Write("c.yaml", Manifest.Policy("typo", "{podSelector: {}, ingres: []}"));
        Write("notes.txt", ": no YAML");
        var (code, _, errors) = await RunAsync("can", "mon/prom", "shop/db", "80", "--manifests", folder.FullName);
        Assert.Equal(1, code);
        Assert.Matches(@"a\.yaml:\d+:\d+: not valid YAML", errors);
        Assert.Matches(@"b\.yaml:2:\d+: not valid YAML", errors);
        Assert.Contains("c.yaml:1: spec.ingres: is not a known field", errors, StringComparison.Ordinal);
        Assert.Equal(3, errors.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task A_policy_that_the_API_server_would_reject_is_named_and_left_out()
    {
        Write("a.yaml", $"{Manifest.Shop}---\n{Manifest.Policy("wrong", "{podSelector: {}, ingress: [{from: [{}]}]}")}");
        var (code, _, errors) = await RunAsync("can", "mon/prom", "shop/db", "80", "--manifests", folder.FullName);
        Assert.Equal(0, code);
        Assert.Contains("spec.ingress[0].from[0]: Required value: must specify a peer", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workload_stands_for_its_pods()
    {
        Write("app.yaml", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api}, spec: {template: {metadata: {labels: {app: api}}, spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}}}}");
        Write("cron.yaml", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: tick}, spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: tick}}, spec: {containers: []}}}}}}");
        Write("policy.yaml", "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p}, spec: {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: tick}}}], ports: [{port: http}]}]}}");
        Assert.Equal(0, (await RunAsync("can", "tick", "api", "8080", "--manifests", folder.FullName)).Code);
        Assert.Equal(1, (await RunAsync("can", "api", "tick", "8080", "--manifests", folder.FullName)).Code);
    }

    [Fact]
    public async Task A_difference_shows_what_opens_and_closes()
    {
        var old = Write("old/a.yaml", $"{Manifest.Shop}---\n{Manifest.Policy("p", "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]}")}");
        var @new = Write("new/a.yaml", $"{Manifest.Shop}---\n{Manifest.Policy("p", "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: obs}}}]}]}")}");
        var (code, output, _) = await RunAsync("diff", old, @new);
        Assert.Equal(1, code);
        Assert.Equal("+ mon/prom -> shop/db: every port\n- shop/web -> shop/db: every port\n1 opened, 1 closed\n", output);
        Assert.Equal(0, (await RunAsync("diff", old, old)).Code);
        Assert.Equal(0, (await RunAsync("diff", "--flows", "/dev/null", old, old)).Code);
    }

    [Fact]
    public async Task The_table_puts_pods_that_no_policy_tells_apart_in_one_line()
    {
        Write("a.yaml", $"{Manifest.Shop}---\n{Manifest.Policy("p", "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}], egress: [{to: [{podSelector: {}}]}]}")}");
        var (code, output, _) = await RunAsync("table", folder.FullName);
        Assert.Equal(0, code);
        Assert.Contains("shop/db, shop/web\n  -> shop/db, shop/web: 80/TCP\noutside", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pod_that_is_not_there_yet_is_asked_about_with_its_labels_with_none_or_with_any()
    {
        Write("a.yaml", $"{Manifest.Shop}---\n{Manifest.Policy("p", "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}")}"
            + $"---\n{Manifest.Policy("deny", "{podSelector: {}, policyTypes: [Ingress]}")}");
        var (code, output, _) = await RunAsync("exposure", folder.FullName, "--namespace", "shop", "--labels", "app=web", "--ports", "http=8080");
        Assert.Equal(0, code);
        Assert.Contains("reaches shop/db: 5432/TCP (egress allowed: no policy is about it; ingress allowed by NetworkPolicy shop/p ingress[0])", output, StringComparison.Ordinal);
        Assert.Contains("ingress: isolated by NetworkPolicy shop/deny", output, StringComparison.Ordinal);
        Assert.Contains("is reached by nobody", output, StringComparison.Ordinal);

        (_, output, _) = await RunAsync("exposure", folder.FullName);
        Assert.DoesNotContain("reaches shop/db", output, StringComparison.Ordinal);
        Assert.Contains("a new pod of mon without labels", output, StringComparison.Ordinal);

        (_, output, _) = await RunAsync("exposure", folder.FullName, "--namespace", "shop", "--labels", "any");
        Assert.Contains("could reach shop/db: 5432/TCP (with app=web)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_that_no_flow_of_the_window_used_are_told_with_how_much_was_seen()
    {
        Write("a.yaml", $"{Manifest.Shop}---\n{Manifest.Policy("p", "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}, {from: [{namespaceSelector: {matchLabels: {team: obs}}}]}, {ports: [{port: 80}]}, {ports: [{port: 80}]}]}")}");
        var flows = Write(
            "flows.jsonl",
            """
            {"proto":"TCP","src":{"pod":"shop/web"},"dst":{"pod":"shop/db"},"dstPort":5432,"count":7,"firstSeen":"2026-01-10T00:00:00Z","lastSeen":"2026-01-10T12:00:00Z"}
            {"proto":"TCP","src":{"pod":"mon/prom"},"dst":{"pod":"shop/db"},"dstPort":9100,"lastSeen":"2026-01-01T00:00:00Z"}

            """);
        var (code, output, _) = await RunAsync("unused", folder.FullName, "--flows", flows, "--window", "2d");
        Assert.Equal(1, code);
        Assert.StartsWith("window: 2026-01-10 00:00Z to 2026-01-10 12:00Z, 0.5 days of 2 asked for; 1 flows, 11 hours without any; 2 of 3 pods seen; coverage ", output, StringComparison.Ordinal);
        Assert.Contains("shop/p ingress[1]: used by no flow of the window\n", output, StringComparison.Ordinal);
        Assert.Contains("shop/p ingress[2]: used by no flow of the window; redundant", output, StringComparison.Ordinal);
        Assert.DoesNotContain("ingress[0]", output, StringComparison.Ordinal);

        (_, output, _) = await RunAsync("unused", folder.FullName, "--flows", flows);
        Assert.DoesNotContain("ingress[1]", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64, "a question is missing")]
    [InlineData(64, "no length", "unused", "a", "--flows", "f", "--window", "1w")]
    [InlineData(64, "sing is not understood", "sing")]
    [InlineData(64, "--manifests is missing", "can", "a", "b", "80")]
    [InlineData(64, "70000 is no port", "can", "a", "b", "70000", "--manifests", "x")]
    [InlineData(64, "more is not understood", "diff", "a", "b", "more")]
    [InlineData(66, "no-such-folder: there is no such file or folder", "table", "no-such-folder")]
    public async Task A_command_line_that_cannot_be_followed_is_told_with_the_usage(int expected, string words, params string[] args)
    {
        var (code, _, errors) = await RunAsync(args);
        Assert.Equal(expected, code);
        Assert.Contains(words, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_own_example_cases_pass_and_a_wrong_one_is_explained()
    {
        var report = Path.Combine(folder.FullName, "report.json");
        var (code, output, _) = await RunAsync("cases", Examples(), "--out", report);
        Assert.True(code == 0, output);
        Assert.Contains("admin: ", output, StringComparison.Ordinal);
        Assert.EndsWith(" passed, 0 failed\n", output, StringComparison.Ordinal);
        Assert.Contains("\"why\"", await File.ReadAllTextAsync(report), StringComparison.Ordinal);

        Directory.CreateDirectory(Path.Combine(folder.FullName, "connectivity"));
        var right = await File.ReadAllTextAsync(Path.Combine(Examples(), "connectivity", "web-to-db.json"));
        Write("connectivity/wrong.json", right.Replace("\"allowed\": true", "\"allowed\": false", StringComparison.Ordinal));
        Write("connectivity/broken.json", "{");
        (code, output, _) = await RunAsync("cases", folder.FullName);
        Assert.Equal(1, code);
        Assert.Contains("shop/web -> shop/db 5432/TCP: expected", output, StringComparison.Ordinal);
        Assert.EndsWith("0 passed, 2 failed\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_set_of_another_name_is_answered_by_what_its_cases_ask_and_one_that_asks_nothing_is_said()
    {
        foreach (var (set, name) in new[] { ("connectivity", "web-to-db"), ("validation", "end-below-port"), ("diff", "deny-added"), ("redundancy", "covered") })
        {
            Write($"mine/{set}-{name}.json", await File.ReadAllTextAsync(Path.Combine(Examples(), set, $"{name}.json")));
        }

        Write("mystery/a.json", "{\"question\": 42}");
        var (code, output, _) = await RunAsync("cases", folder.FullName);
        Assert.Equal(0, code);
        Assert.Equal("mine: 4 passed, 0 failed\nmystery: not run, there are no answers for this set yet\n4 passed, 0 failed\n", output);
        (code, output, _) = await RunAsync("cases", Path.Combine(folder.FullName, "mystery"));
        Assert.Equal((1, "0 passed, 0 failed\n"), (code, output));
    }

    [SharedCasesFact]
    public void Every_shared_case_passes()
    {
        var results = CaseFolder.Run(SharedCasesFactAttribute.Folder).ToList();
        Assert.True(results.Count >= 200);
        Assert.Empty(results.Where(static r => !r.IsPassed).SelectMany(static r => r.Wrong.Select(w => $"{r.Set}/{r.Id}: {w}")));
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await PoliciesCommand.RunAsync(args, output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private static string Examples([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Cases");
}
