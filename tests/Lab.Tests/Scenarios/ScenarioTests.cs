using NetPulse.Lab.Scenarios;
using NetPulse.Tests;

namespace NetPulse.Lab.Tests.Scenarios;

public sealed class ScenarioTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly TimeProvider time = TimeProvider.System;

    [KernelFact]
    public async Task A_larger_receive_window_heals_its_own_pair_and_no_other()
    {
        await using var lab = await StartAsync(ReceiveWindowScenario.Create());
        await MeasureAsync(lab, TimeSpan.FromSeconds(1));
        var healthy = await MeasureAsync(lab, TimeSpan.FromSeconds(2));
        lab.Worsen();
        var before = await MeasureOnNewConnectionsAsync(lab);
        lab.Heal();
        var after = await MeasureOnNewConnectionsAsync(lab);

        // 48 Mbit/s on a machine of its own; on a crowded one each millisecond of lateness counts against the small window
        Assert.All(healthy, rate => Assert.InRange(rate, 34e6, 50e6));
        Assert.All(before, rate => Assert.InRange(rate, 4.5e6, 6.8e6));
        Assert.True(after[0] / before[0] >= 6, $"{before[0] / 1e6:F1} -> {after[0] / 1e6:F1} Mbit/s");
        Assert.InRange(after[1] / before[1], 0.85, 1.15);
        Assert.All(lab.Pairs, pair => Assert.Equal(0, pair.Transfer.Failures));
        Assert.False(lab.Completion.IsCompleted);
    }

    [KernelFact]
    public async Task A_larger_receive_window_does_not_help_a_slow_reader()
    {
        await using var lab = await StartAsync(SlowReaderScenario.Create());
        lab.Worsen();
        var before = await MeasureOnNewConnectionsAsync(lab);
        lab.Heal();
        var after = await MeasureOnNewConnectionsAsync(lab);

        // 3 Mbit/s is what is read; a new connection fills its buffers on top of that, a crowded machine reads less, but never is it seven times as much
        Assert.All(before.Concat(after), rate => Assert.InRange(rate, 1.2e6, 4.5e6));
        Assert.InRange(after[0] / before[0], 0.6, 1.7);
    }

    [KernelFact]
    public async Task A_lab_that_cannot_be_built_leaves_nothing()
    {
        var settings = TestLab.NewSettings();
        var scenario = ReceiveWindowScenario.Create();
        var broken = scenario with { Pairs = [scenario.Pairs[0], scenario.Pairs[1] with { To = "nobody" }] };
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunningLab.StartAsync(broken, settings, time, CancellationToken.None));
        Assert.Empty(TestLab.NamespacesOf(settings));
    }

    [KernelFact]
    public async Task A_congestion_control_that_the_kernel_lacks_is_named()
    {
        await using var lab = await StartAsync(ReceiveWindowScenario.Create("no-such"));
        var failure = await Assert.ThrowsAsync<NetPulse.Lab.Topology.LabException>(() => lab.Completion.WaitAsync(Deadline));
        Assert.Contains("use no-such in uploader-", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>The scenario with connections that live shortly, so that the test need not wait long for the next.</summary>
    private Task<RunningLab> StartAsync(Scenario scenario) => RunningLab.StartAsync(
        scenario with { Pairs = [.. scenario.Pairs.Select(pair => pair with { Transfer = pair.Transfer with { ConnectionLifetime = TimeSpan.FromSeconds(5) } })] },
        TestLab.NewSettings(),
        time,
        CancellationToken.None);

    /// <summary>Waits until each pair has a new connection and that has settled.</summary>
    private async Task<double[]> MeasureOnNewConnectionsAsync(RunningLab lab)
    {
        var connections = lab.Pairs.Select(pair => pair.Transfer.Connections).ToArray();
        var start = time.GetTimestamp();
        while (lab.Pairs.Zip(connections).Any(pair => pair.First.Transfer.Connections == pair.Second))
        {
            Assert.True(time.GetElapsedTime(start) < Deadline, "no new connection was made");
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        await MeasureAsync(lab, TimeSpan.FromSeconds(1.7));
        return await MeasureAsync(lab, TimeSpan.FromSeconds(2));
    }

    /// <returns>Bits per second of each pair.</returns>
    private async Task<double[]> MeasureAsync(RunningLab lab, TimeSpan duration)
    {
        var measured = lab.Pairs.Select(pair => new Throughput(pair, time)).ToArray();
        await Task.Delay(duration);
        return [.. measured.Select(pair => pair.NextBitsPerSecond())];
    }
}
