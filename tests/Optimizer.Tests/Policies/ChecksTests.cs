using System.Text.Json.Nodes;
using NetPulse.Optimizer.Policies.Checks;
using NetPulse.Optimizer.Policies.Checks.Reports;
using NetPulse.Optimizer.Policies.Commands;

namespace NetPulse.Optimizer.Tests.Policies;

/// <summary>The doctor as its command: what each check finds, what it must not find, and the three forms of its report.</summary>
public sealed class ChecksTests : IDisposable
{
    /// <summary>Set to write docs/checks.md anew instead of comparing it.</summary>
    private const string WriteDocuments = "NETPULSE_WRITE_DOCS";

    private readonly string folder = Directory.CreateTempSubdirectory("nptest-checks-").FullName;

    public static TheoryData<string> CaseFiles => [.. Directory.GetFiles(CheckCase.Folder, "*.cases").Select(static f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(CaseFiles))]
    public async Task Every_check_finds_what_is_wrong_and_nothing_else(string file)
    {
        var wrong = new List<string>();
        foreach (var (@case, i) in CheckCase.Read(Path.Combine(CheckCase.Folder, file)).Select(static (c, i) => (c, i)))
        {
            var report = JsonNode.Parse((await RunAsync(@case.Write(Path.Combine(folder, $"{i}")))).Output)!;
            var found = report["findings"]!.AsArray().FirstOrDefault(f => $"{f!["id"]}" == @case.Id);
            var unknown = report["unknown"]!.AsArray().FirstOrDefault(u => $"{u!["id"]}" == @case.Id);
            var answer = found is not null ? "yes" : unknown is not null ? "unknown" : "no";
            if (answer != @case.Expected || (found is not null && ($"{found["seen"]}".Length == 0 || $"{found["fix"]}".Length == 0)))
            {
                wrong.Add($"case {i + 1}, {@case.Id}: {answer} instead of {@case.Expected} {found?["seen"]}{unknown?["missing"]?.ToJsonString()} {report["faults"]!.ToJsonString()}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_check_has_an_example_that_it_finds_and_one_that_it_leaves_alone()
    {
        var answers = Directory.GetFiles(CheckCase.Folder, "*.cases").SelectMany(CheckCase.Read).ToLookup(static c => c.Id, static c => c.Expected);
        Assert.All(CheckCatalogue.All, check => Assert.Equal(["no", "yes"], answers[check.Id].Distinct().Except(["unknown"]).Order(StringComparer.Ordinal)));
        Assert.Empty(answers.Select(static a => a.Key).Except(CheckCatalogue.All.Select(static c => c.Id)));
    }

    [Fact]
    public void Every_check_has_its_own_id_and_says_what_would_be_right()
    {
        Assert.Equal(CheckCatalogue.All.Length, CheckCatalogue.All.Select(static c => c.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.All(CheckCatalogue.All, static c => Assert.True(c.Problem.Length > 0 && c.Fix.Length > 0, c.Id));
    }

    [Fact]
    public void The_page_of_checks_is_what_the_catalogue_says()
    {
        var file = Path.GetFullPath(Path.Combine(CheckCase.Folder, "../../../../docs/checks.md"));
        if (Environment.GetEnvironmentVariable(WriteDocuments) is { Length: > 0 })
        {
            File.WriteAllText(file, CheckPage.Write());
        }

        Assert.True(
            File.Exists(file) && File.ReadAllText(file) == CheckPage.Write(),
            $"docs/checks.md is stale; write it anew: {WriteDocuments}=1 dotnet test tests/Optimizer.Tests --filter {nameof(The_page_of_checks_is_what_the_catalogue_says)}");
    }

    [Fact]
    public async Task A_broken_file_is_named_with_its_place_and_the_others_are_still_read()
    {
        Policy("good.yaml");
        File.WriteAllText(Path.Combine(folder, "broken.yaml"), "kind: Pod\n---\nkind: [\n");
        var run = await RunAsync(["check", folder, "--format", "json"]);
        Assert.Equal(1, run.Code);
        Assert.Contains("broken.yaml:4:1:", run.Errors, StringComparison.Ordinal);
        Assert.Contains("\"NP009\"", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(["check", folder, "--strict"])).Code);
    }

    [Theory]
    [InlineData("error", 1)]
    [InlineData("warning", 1)]
    public async Task The_exit_code_says_whether_something_as_bad_was_found(string failOn, int code)
    {
        Policy("p.yaml");
        Assert.Equal(code, (await RunAsync(["check", folder, "--fail-on", failOn])).Code);
    }

    [Fact]
    public async Task What_is_less_bad_than_asked_for_does_not_fail()
    {
        File.WriteAllText(Path.Combine(folder, "p.yaml"), "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 80}], from: [{podSelector: {}}]}]}\n");
        Assert.Equal(0, (await RunAsync(["check", folder])).Code);
        Assert.Equal(1, (await RunAsync(["check", folder, "--fail-on", "info"])).Code);
    }

    [Fact]
    public async Task A_wrong_command_line_and_missing_input_have_codes_of_their_own()
    {
        Assert.Equal(64, (await RunAsync(["check", folder, "--format", "xml"])).Code);
        Assert.Equal(64, (await RunAsync(["check"])).Code);
        Assert.Equal(66, (await RunAsync(["check", Path.Combine(folder, "absent")])).Code);
        Assert.Equal(66, (await RunAsync(["check", folder])).Code);
    }

    [Fact]
    public async Task The_text_has_the_place_the_evidence_the_patch_and_the_page()
    {
        Policy("p.yaml");
        var text = (await RunAsync(["check", folder])).Output;
        Assert.Contains("NetworkPolicy shop/p", text, StringComparison.Ordinal);
        Assert.Contains("p.yaml:4", text, StringComparison.Ordinal);
        Assert.Contains("kubectl patch networkpolicy -n shop p --type=json -p '[{\"op\":\"add\"", text, StringComparison.Ordinal);
        Assert.Contains("docs/checks.md#NP009", text, StringComparison.Ordinal);
        Assert.Contains("unknown, for want of", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sarif_has_what_its_schema_and_code_scanning_require()
    {
        Policy("p.yaml");
        var root = JsonNode.Parse((await RunAsync(["check", folder, "--format", "sarif", "--docs", "https://docs.test/checks"])).Output)!;
        Assert.Equal("2.1.0", $"{root["version"]}");
        var run = Assert.Single(root["runs"]!.AsArray())!;
        var rules = run["tool"]!["driver"]!["rules"]!.AsArray();
        Assert.False(string.IsNullOrEmpty($"{run["tool"]!["driver"]!["name"]}"));
        Assert.All(rules, static rule => Assert.True(Uri.TryCreate($"{rule!["helpUri"]}", UriKind.Absolute, out _) && $"{rule["shortDescription"]!["text"]}".Length > 0));
        Assert.All(rules, static rule => Assert.All(new[] { "fullDescription", "help" }, part => Assert.NotEmpty($"{rule![part]!["text"]}")));
        Assert.Equal(rules.Count, rules.Select(static rule => $"{rule!["id"]}").Distinct(StringComparer.Ordinal).Count());
        var results = run["results"]!.AsArray();
        Assert.NotEmpty(results);

        // Code scanning knows an alert again by these; the file must lie in the repository, so that its address is relative.
        Assert.Equal(results.Count, results.Select(static result => $"{result!["partialFingerprints"]!["netpulseFinding/v1"]}").Distinct(StringComparer.Ordinal).Count());
        Assert.All(results, static result => Assert.DoesNotContain('\\', $"{result!["locations"]![0]!["physicalLocation"]!["artifactLocation"]!["uri"]}"));
        Assert.All(results, result =>
        {
            Assert.Equal($"{result!["ruleId"]}", $"{rules[result["ruleIndex"]!.GetValue<int>()]!["id"]}");
            Assert.Contains($"{result["level"]}", new[] { "error", "warning", "note" });
            Assert.NotEmpty($"{result["message"]!["text"]}");
            var place = result["locations"]![0]!["physicalLocation"]!;
            Assert.NotEmpty($"{place["artifactLocation"]!["uri"]}");
            Assert.True(place["region"]!["startLine"]!.GetValue<int>() >= 1);
        });
        Assert.True(run["invocations"]![0]!["executionSuccessful"]!.GetValue<bool>());
        Assert.All(run["invocations"]![0]!["toolExecutionNotifications"]!.AsArray(), static n => Assert.NotEmpty($"{n!["message"]!["text"]}"));
    }

    [Fact]
    public async Task A_Corefile_in_a_ConfigMap_is_told_by_the_line_of_the_manifest()
    {
        File.WriteAllText(Path.Combine(folder, "dns.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns, namespace: kube-system}\ndata:\n  Corefile: |\n    .:53 {\n        log\n    }\n");
        Assert.Contains("dns.yaml:7", (await RunAsync(["check", folder])).Output, StringComparison.Ordinal);
    }

    private void Policy(string file) => File.WriteAllText(Path.Combine(folder, file),
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress], egress: [{}]}\n");

    private static async Task<(int Code, string Output, string Errors)> RunAsync(IReadOnlyList<string> words)
    {
        await using var output = new StringWriter();
        await using var errors = new StringWriter();
        var code = await PoliciesCommand.RunAsync(words, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
