using NetPulse.Lab.Load;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;
using NetPulse.Tests;

namespace NetPulse.Lab.Tests.Scenarios;

public sealed class ScenarioTests
{
    private const int MoreConnections = 4;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TimeProvider time = TimeProvider.System;

    [KernelFact]
    public async Task A_larger_receive_window_heals_its_own_pair_and_no_other()
    {
        await using var lab = await StartAsync(ReceiveWindowScenario.Create());
        await Task.Delay(TimeSpan.FromSeconds(2), time);
        await lab.WorsenAsync(CancellationToken.None);
        var before = await MeasureOnNewConnectionsAsync(lab);
        lab.Heal();
        var after = await MeasureOnNewConnectionsAsync(lab);
        for (var again = 0; again < MoreConnections && after[0] / before[0] < 5; again++)
        {
            // A crowded machine may take longer than one connection lasts to open its window.
            after = await MeasureOnNewConnectionsAsync(lab);
        }

        // 6.3 Mbit/s on a machine of its own; on a crowded one each millisecond of lateness counts against the small window
        Assert.All(before, rate => Assert.InRange(rate, 3, 6.8));
        Assert.True(after[0] / before[0] >= 5, $"{before[0]:F1} -> {after[0]:F1} Mbit/s");
        Assert.InRange(after[1] / before[1], 0.6, 1.6);
        Assert.All(Transfers(lab), transfer => Assert.Equal(0, transfer.Failures));
        Assert.False(lab.Completion.IsCompleted);
    }

    [KernelFact]
    public async Task A_larger_receive_window_does_not_help_a_slow_reader()
    {
        await using var lab = await StartAsync(ScenarioCatalog.Find("slow-reader")!);
        await lab.WorsenAsync(CancellationToken.None);
        var before = await MeasureOnNewConnectionsAsync(lab);
        lab.Heal();
        var after = await MeasureOnNewConnectionsAsync(lab);

        // 3 Mbit/s is what is read; a new connection fills its buffers on top of that, a crowded machine reads less, but never is it seven times as much
        Assert.All(before.Concat(after), rate => Assert.InRange(rate, 1.2, 4.5));
        Assert.InRange(after[0] / before[0], 0.6, 1.7);
    }

    [KernelFact]
    public async Task A_full_range_of_local_ports_is_healed_by_a_wider_one()
    {
        await using var lab = await RunningLab.StartAsync(ScenarioCatalog.Find("narrow-port-range")!, TestLab.NewSettings(), time, CancellationToken.None);
        await lab.WorsenAsync(CancellationToken.None);
        var clients = lab.Judged.ToList();
        await UntilAsync(() => Latest(clients[0]) < 10 && Latest(clients[1]) < 10);
        lab.Heal();
        await UntilAsync(() => Latest(clients[0]) > 90);
        Assert.True(Latest(clients[1]) < 10);
    }

    [KernelFact]
    public async Task A_lab_that_cannot_be_built_leaves_nothing()
    {
        var settings = TestLab.NewSettings();
        var scenario = ReceiveWindowScenario.Create();
        var broken = scenario with { Paths = [scenario.Paths[0], scenario.Paths[1] with { To = "nobody" }] };
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunningLab.StartAsync(broken, settings, time, CancellationToken.None));
        Assert.Empty(TestLab.NamespacesOf(settings));
    }

    [KernelFact]
    public async Task A_congestion_control_that_the_kernel_lacks_is_named()
    {
        await using var lab = await RunningLab.StartAsync(ReceiveWindowScenario.Create("no-such"), TestLab.NewSettings(), time, CancellationToken.None);
        var failure = await Assert.ThrowsAsync<LabException>(() => lab.Completion.WaitAsync(Deadline));
        Assert.Contains("use no-such in uploader-", failure.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<BulkTransfer> Transfers(RunningLab lab) => lab.Loads.Select(load => Assert.IsType<BulkTransfer>(load.Load));

    /// <summary>The scenario with connections that live shortly, so that the test need not wait long for the next.</summary>
    private Task<RunningLab> StartAsync(Scenario scenario)
    {
        var transfer = new TransferSettings(Port: 9000, "cubic", ConnectionLifetime: TimeSpan.FromSeconds(5));
        return RunningLab.StartAsync(
            scenario with { Loads = [.. scenario.Loads.Select(load => load with { Start = place => new BulkTransfer(place, transfer) })] },
            TestLab.NewSettings(),
            time,
            CancellationToken.None);
    }

    /// <summary>Waits until each pair has a new connection and that has settled.</summary>
    private async Task<double[]> MeasureOnNewConnectionsAsync(RunningLab lab)
    {
        var connections = Transfers(lab).Select(transfer => transfer.Connections).ToArray();
        await UntilAsync(() => Transfers(lab).Zip(connections).All(pair => pair.First.Connections > pair.Second));
        await Task.Delay(TimeSpan.FromSeconds(1.7), time);
        var from = time.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(2), time);
        return [.. lab.Judged.Select(load => load.Load.Between(from, time.GetTimestamp()) ?? 0)];
    }

    /// <summary>The figure over the last two seconds; the worst of all when there is none.</summary>
    private double Latest(RunningLoad load)
    {
        var now = time.GetTimestamp();
        return load.Load.Between(now - (2 * time.TimestampFrequency), now) ?? 50;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        var start = time.GetTimestamp();
        while (!condition())
        {
            Assert.True(time.GetElapsedTime(start) < Deadline, $"not within {Deadline}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), time);
        }
    }
}
