using System.Globalization;
using NetPulse.Tests;

namespace NetPulse.EndToEnd;

/// <summary>kill -9 of a random service at random moments of a change; NETPULSE_KILLS says how often (make kill-test: 20).</summary>
public sealed class KilledAtRandomTests
{
    private static readonly string[] Services = ["collector", "tuner", "optimizer"];

    [KernelFact]
    public async Task Every_value_is_back_and_the_journal_tells_what_happened()
    {
        var kills = int.Parse(Environment.GetEnvironmentVariable("NETPULSE_KILLS") ?? "6", CultureInfo.InvariantCulture);
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        using var demo = DemoProcess.Start("demo");
        Assert.True(await demo.TellsAsync("] trouble ", TimeSpan.FromSeconds(90)), demo.Told);

        for (var i = 0; i < kills; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1 + (random.NextDouble() * 5)));
            Assert.True(demo.KillService(Services[random.Next(Services.Length)]) || i > 0, demo.Told);
        }

        demo.Interrupt();
        await demo.EndsAsync();
        Assert.True(demo.Told.Contains("checked: net.ipv4.tcp_rmem is in every pod what it was", StringComparison.Ordinal), $"seed {seed}\n{demo.Told}");
        Assert.Empty(demo.LeftNamespaces());
        Assert.Empty(demo.LeftServices());

        var journal = await File.ReadAllLinesAsync(Path.Combine(demo.RunDirectory, "optimizer", "journal.jsonl"));
        var sequences = journal.Select(line => long.Parse(line.Split("\"sequence\":")[1].Split(',')[0], CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(Enumerable.Range(1, sequences.Length).Select(number => (long)number), sequences);
    }

    [KernelFact]
    public async Task What_a_killed_demo_leaves_is_cleared_away_by_the_next()
    {
        using var killed = DemoProcess.Start("demo");
        Assert.True(await killed.TellsAsync("] traffic ", TimeSpan.FromSeconds(60)), killed.Told);
        killed.Kill();
        Assert.NotEmpty(killed.LeftNamespaces());
        Assert.NotEmpty(killed.LeftServices());

        using var next = killed.StartAgain();
        Assert.True(await next.TellsAsync("] traffic ", TimeSpan.FromSeconds(60)), next.Told);
        next.Interrupt();
        await next.EndsAsync();
        Assert.Empty(killed.LeftNamespaces());
        Assert.Empty(killed.LeftServices());
    }
}
