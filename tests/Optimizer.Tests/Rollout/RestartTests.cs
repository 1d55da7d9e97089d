using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Tests.Rollout;

/// <summary>What detection has learned outlives the process.</summary>
public sealed class RestartTests : IDisposable
{
    private readonly LoopRig rig = new(Examples.Policy(Kubernetes.Objects.OptimizationMode.Observe));

    public void Dispose() => rig.Dispose();

    [Fact]
    public async Task A_restart_in_the_middle_of_an_incident_neither_forgets_nor_tells_it_again()
    {
        await rig.TroubleAsync();
        await RunAsync();
        var before = Assert.Single(rig.Run.Latest.Incidents);
        rig.Memory.Save();

        // The store forgets what was normal: only the state knows it.
        rig.Clock.Advance(TimeSpan.FromMinutes(40));
        rig.Restart();
        await rig.SecondsAsync(30, 6.3, 6.3, 0.1, isLimited: true);
        await RunAsync();

        var after = Assert.Single(rig.Run.Latest.Incidents);
        Assert.True(after.IsOpen);
        Assert.Equal(before.Since, after.Since);
        Assert.Equal(before.Alerts.Select(alert => alert.Anomaly.Usual), after.Alerts.Select(alert => alert.Anomaly.Usual));
        Assert.Single(rig.Journal.Latest, entry => entry.Kind == EntryKind.Incident);
    }

    [Fact]
    public async Task A_restart_in_quiet_raises_no_alarm_and_still_knows_what_was_normal()
    {
        await rig.SecondsAsync(60, 45, 45, 0.011, isLimited: false);
        await RunAsync();
        rig.Memory.Save();
        rig.Clock.Advance(TimeSpan.FromMinutes(40));
        rig.Restart();
        await rig.SecondsAsync(6, 45, 45, 0.011, isLimited: false);
        await RunAsync();
        Assert.Empty(rig.Run.Latest.Incidents);

        // Fewer points than a warm-up since the restart, and yet the fall is seen.
        await rig.SecondsAsync(6, 6.3, 6.3, 0.1, isLimited: true);
        await RunAsync();
        Assert.Single(rig.Run.Latest.Incidents);
    }

    [Theory]
    [InlineData("netpulse-detection 0 abc\n{}")]
    [InlineData("netpulse-detection 3 abc\n{}")]
    [InlineData("")]
    [InlineData("{\"watches\":")]
    public async Task A_state_that_cannot_be_used_is_set_aside_and_named_and_the_window_is_played_from_the_store(string content)
    {
        await rig.TroubleAsync();
        File.WriteAllText(rig.StateFile, content);
        rig.Restart();
        await RunAsync();

        Assert.Single(rig.Run.Latest.Incidents);
        Assert.True(File.Exists(rig.StateFile + ".set-aside"));
        Assert.Contains(rig.Journal.Latest, entry => entry.Kind == EntryKind.Problem && entry.Subject == rig.StateFile);
    }

    [Fact]
    public async Task A_damaged_bit_is_noticed()
    {
        await rig.TroubleAsync();
        await RunAsync();
        rig.Memory.Save();
        var bytes = File.ReadAllBytes(rig.StateFile);
        bytes[^10] ^= 1;
        File.WriteAllBytes(rig.StateFile, bytes);
        rig.Restart();
        Assert.Contains(rig.Journal.Latest, entry => entry.Text.Contains("it is damaged", StringComparison.Ordinal));
    }

    private Task RunAsync() => rig.Run.RunAsync(CancellationToken.None);
}
