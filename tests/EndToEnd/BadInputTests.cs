using System.Net.Sockets;
using System.Text.Json;
using NetPulse.Tests;

namespace NetPulse.EndToEnd;

/// <summary>What bad input gets: the start is refused in one line that names file, line, field and what is allowed; what breaks later is named and the rest goes on.</summary>
public sealed class BadInputTests : IDisposable
{
    /// <summary>EX_CONFIG of sysexits.h.</summary>
    private const int ConfigurationError = 78;

    private readonly string directory = Directory.CreateTempSubdirectory("nptest-bad-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData("  mode: Sometimes", "5: spec.mode: must be one of Observe, Propose, Apply")]
    [InlineData("  mood: Apply", "5: spec.mood: is not a known field; check its spelling")]
    [InlineData("  canary: {duration: 5s}", "5: spec.canary.duration: 5s is not allowed: must be 10s to 1h")]
    [InlineData("  canary: {duration: '-00:00:10'}", "5: spec.canary.duration: must be a duration, as 90s, 10m or 1h30m")]
    [InlineData("  limits:\n    changesPerHour: 1000", "6: spec.limits.changesPerHour: 1000 is not allowed: must be 1 to 100")]
    [InlineData("  namespaces: shop", "5: spec.namespaces: must be a list (- item)")]
    [InlineData("  sysctls: [{name: vm.swappiness}]", "5: spec.sysctls[0].name: vm.swappiness is not allowed: must be a dotted name below net., as net.ipv4.tcp_rmem")]
    public async Task A_broken_policy_refuses_the_start(string spec, string refusal)
    {
        var policy = Write("policy.yaml", $"apiVersion: netpulse.io/v1alpha1\nkind: OptimizationPolicy\nmetadata: {{name: shop}}\nspec:\n{spec}\n");
        using var optimizer = StartOptimizer($"--cluster:policyFile={policy}");
        await RefusesAsync(optimizer, ConfigurationError, $"{policy}:{refusal}");
    }

    [Fact]
    public async Task A_policy_that_is_not_there_refuses_the_start()
    {
        using var optimizer = StartOptimizer($"--cluster:policyFile={directory}/none.yaml");
        await RefusesAsync(optimizer, ConfigurationError, $"{directory}/none.yaml: cannot be read:");
    }

    [Theory]
    [InlineData("detection:\n  window: 1s\n", "2: detection.window: 1s is not allowed: must be 1m to 1d")]
    [InlineData("detection:\n  warmUpPoints: 3\n", "2: detection.warmUpPoints: 3 is not allowed: must be 10 to 1000")]
    [InlineData("detection:\n  widow: 1m\n", "2: detection.widow: is not a known field; detection has window, forecastWindow, minimumBytesPerSecond, ")]
    [InlineData("schedul:\n  cron: x\n", "1: schedul: is not a known section")]
    [InlineData("schedule:\n  cron: often\n", "2: schedule.cron: often is not allowed: must be a Quartz cron expression: second minute hour day-of-month month day-of-week")]
    [InlineData("store:\n  kind: Oracle\n", "2: store.kind: must be one of Embedded, Prometheus, Influx")]
    [InlineData("schedule: [\n", "2:1: not valid YAML")]
    public async Task A_broken_configuration_refuses_the_optimizers_start(string text, string refusal)
    {
        var file = Write("optimizer.yaml", text);
        using var optimizer = StartOptimizer($"--config={file}");
        await RefusesAsync(optimizer, ConfigurationError, $"{file}:{refusal}");
    }

    [KernelFact]
    public async Task A_broken_configuration_refuses_the_collectors_start()
    {
        var file = Write("collector.yaml", "sampling:\n  interval: 0s\n");
        using var collector = ServiceUnderTest.Start("Collector", "netpulse-collector", $"--config={file}", $"--http:listen=127.0.0.1:{ServiceUnderTest.FreePort()}");
        await RefusesAsync(collector, ConfigurationError, $"{file}:2: sampling.interval: 0s is not allowed: must be 1s to 5m");
    }

    [KernelFact]
    public async Task A_broken_configuration_refuses_the_Tuners_start()
    {
        var file = Write("tuner.yaml", $"tuner:\n  node: Node_1\n  stateDirectory: {directory}/tuner\n");
        using var tuner = ServiceUnderTest.Start("Tuner", "netpulse-tuner", $"--config={file}");
        await RefusesAsync(tuner, ConfigurationError, $"{file}:2: tuner.node: Node_1 is not allowed: must be a lower-case DNS name");
    }

    [Fact]
    public async Task A_port_in_use_refuses_the_start()
    {
        using var taken = new TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var endpoint = (System.Net.IPEndPoint)taken.LocalEndpoint;
        using var optimizer = ServiceUnderTest.StartOptimizer(directory, endpoint.Port);
        await RefusesAsync(optimizer, 1, $"Cannot listen on {endpoint} (http.listen): Address already in use");
    }

    [Fact]
    public async Task A_store_or_a_journal_in_use_refuses_the_start()
    {
        using var first = StartOptimizer();
        await first.AnswersAsync();

        using var sameStore = StartOptimizer($"--journal:file={directory}/other.jsonl");
        await RefusesAsync(sameStore, 1, $"Open the store in {directory}/store: another process has it open");

        using var sameJournal = StartOptimizer($"--store:embedded:directory={directory}/other");
        await RefusesAsync(sameJournal, 1, "the journal cannot be used, so nothing could be undone");
    }

    [Fact]
    public async Task A_damaged_journal_refuses_the_start_and_says_what_to_do()
    {
        var journal = Write("journal.jsonl", "{\"sequence\":1,\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"Started\",\"subject\":\"s\",\"text\":\"t\"}\nnot json\n");
        using var optimizer = StartOptimizer();
        await RefusesAsync(optimizer, 1, $"{journal}:2: is no journal entry");
    }

    [Fact]
    public async Task A_damaged_store_file_is_named_and_set_aside_and_the_rest_is_served()
    {
        Directory.CreateDirectory(Path.Combine(directory, "store"));
        var damaged = Write($"store/{DateTime.UtcNow:yyyy-MM-dd}.db", new string('x', 100_000));
        using var optimizer = StartOptimizer();
        await optimizer.AnswersAsync();
        await optimizer.StatusAsync(static status => status.GetProperty("mode").GetString() == "Observe");
        await optimizer.UntilAsync(() => Task.FromResult(File.Exists($"{damaged}.damaged")));
        Assert.Contains($"{damaged} is damaged: it was set aside as {damaged}.damaged, the rest is served", optimizer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_breaks_while_running_is_named_and_counts_as_paused_until_it_is_mended()
    {
        const string Good = "apiVersion: netpulse.io/v1alpha1\nkind: OptimizationPolicy\nmetadata: {name: shop}\nspec:\n  mode: Apply\n";
        var policy = Write("policy.yaml", Good);
        using var optimizer = StartOptimizer($"--cluster:policyFile={policy}");
        await optimizer.StatusAsync(static status => status.GetProperty("mode").GetString() == "Apply");

        Write("policy.yaml", Good + "  mode: Propose\n");
        var broken = await optimizer.StatusAsync(static status => status.GetProperty("problems").GetArrayLength() > 0);
        Assert.Contains($"{policy}:6:", broken.GetProperty("problems")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.String, Assert.Single(broken.GetProperty("paused").EnumerateArray()).ValueKind);
        Assert.Equal("Observe", broken.GetProperty("mode").GetString());

        Write("policy.yaml", Good);
        await optimizer.StatusAsync(static status => status.GetProperty("mode").GetString() == "Apply" && status.GetProperty("paused").GetArrayLength() == 0);
    }

    private ServiceUnderTest StartOptimizer(params string[] arguments) =>
        ServiceUnderTest.StartOptimizer(directory, ServiceUnderTest.FreePort(), [.. Array.Exists(arguments, argument => argument.StartsWith("--config", StringComparison.Ordinal)) ? Array.Empty<string>() : ["--schedule:cron=* * * * * ?"], .. arguments]);

    private string Write(string name, string text)
    {
        var file = Path.Combine(directory, name);
        File.WriteAllText(file, text);
        return file;
    }

    private static async Task RefusesAsync(ServiceUnderTest service, int code, string refusal)
    {
        var ended = await service.EndsAsync();
        var said = $"exit code {ended}\n{service.Output}\n{service.Errors}";
        Assert.True(ended == code, said);
        Assert.True(service.Errors.Contains(refusal, StringComparison.Ordinal), said);
        Assert.True(service.Errors.TrimEnd().Split('\n').Length == 1, said);
        Assert.True(service.Output.Length == 0, said);
    }
}
