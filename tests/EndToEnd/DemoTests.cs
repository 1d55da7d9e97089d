using System.Globalization;
using System.Text.RegularExpressions;
using NetPulse.Tests;

namespace NetPulse.EndToEnd;

/// <summary>One whole turn of the loop on the real kernel: our three services as processes, real connections, a real sysctl, a real improvement.</summary>
public sealed partial class DemoTests
{
    [KernelFact]
    public async Task The_receive_window_is_found_healed_verified_and_put_back()
    {
        using var demo = DemoProcess.Start("demo", "--once");
        var code = await demo.EndsAsync();
        Assert.True(code == 0, demo.Told);

        var story = demo.Told;
        foreach (var subject in new[] { "traffic", "trouble", "incident", "finding", "proposal", "decision", "planned", "applied", "keeping", "kept", "result", "revert" })
        {
            Assert.True(story.Contains($"] {subject} ", StringComparison.Ordinal), $"nothing was told of {subject}:\n{story}");
        }

        var ratio = double.Parse(Ratio().Match(story).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

        // 7.5 on a machine of its own; a crowded one forwards late, which counts against the healed rate.
        Assert.True(ratio >= 5, $"the ratio is {ratio}:\n{story}");
        Assert.Contains("checked: net.ipv4.tcp_rmem is in every pod what it was", story, StringComparison.Ordinal);
        Assert.Empty(demo.LeftNamespaces());
        Assert.Empty(demo.LeftServices());
    }

    [KernelFact]
    public async Task A_slow_reader_is_named_and_nothing_is_changed()
    {
        using var demo = DemoProcess.Start("demo", "--scenario", "slow-reader");
        Assert.True(await demo.TellsAsync("reads too slowly", TimeSpan.FromSeconds(120)), demo.Told);
        await Task.Delay(TimeSpan.FromSeconds(10));
        demo.Interrupt();
        await demo.EndsAsync();
        Assert.DoesNotContain("] planned ", demo.Told, StringComparison.Ordinal);
        Assert.Contains("checked: net.ipv4.tcp_rmem is in every pod what it was", demo.Told, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"result .* Mbit/s, ×([0-9.]+)")]
    private static partial Regex Ratio();
}
