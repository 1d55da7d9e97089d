using System.Collections.Immutable;
using NetPulse.Optimizer.Profiles;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Tests.Diagnosis;

namespace NetPulse.Optimizer.Tests.Profiles;

/// <summary>The static profile that many tuning DaemonSets write, against a node whose archive has too small a receive window.</summary>
public sealed class ProfileCheckTests
{
    private const string Common =
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: sysctl-tuning
        data:
          net.core.wmem_default: "212992"
          99-network.conf: |
            net.core.rmem_max = 134217728
            net.ipv4.tcp_rmem = 4096 87380 134217728
            net.core.netdev_max_backlog = 5000
            net.ipv4.tcp_congestion_control = bbr
            net.ipv4.tcp_slow_start_after_idle = 0
            net.ipv4.tcp_tw_reuse = 1
            net.ipv4.tcp_tw_recycle = 1
            net.ipv4.tcp_wmem = 4096 16384 8388608
            vm.swappiness = 10
        """;

    [Theory]
    [InlineData("net.core.wmem_default", ProfileVerdict.AlreadySo, "has this value")]
    [InlineData("net.core.rmem_max", ProfileVerdict.Dangerous, "pin")]
    [InlineData("net.ipv4.tcp_rmem", ProfileVerdict.Dangerous, "134.2 MB")]
    [InlineData("net.core.netdev_max_backlog", ProfileVerdict.Useless, "SoftnetBacklog")]
    [InlineData("net.ipv4.tcp_congestion_control", ProfileVerdict.AlreadySo, "has this value")]
    [InlineData("net.ipv4.tcp_slow_start_after_idle", ProfileVerdict.Useless, "bbr does not look at it")]
    [InlineData("net.ipv4.tcp_tw_reuse", ProfileVerdict.Useless, "none made later")]
    [InlineData("net.ipv4.tcp_tw_recycle", ProfileVerdict.Dangerous, "gone since")]
    [InlineData("net.ipv4.tcp_wmem", ProfileVerdict.Useless, "only pods made later")]
    [InlineData("vm.swappiness", ProfileVerdict.Unknown, "none of the network's")]
    public void Each_line_is_judged_by_this_node(string sysctl, ProfileVerdict verdict, string why)
    {
        var judgement = Assert.Single(Judge(Common), judgement => judgement.Line.Sysctl == sysctl);
        Assert.Equal(verdict, judgement.Verdict);
        Assert.Contains(why, judgement.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_helps_becomes_a_proposal_where_it_counts_with_a_computed_value()
    {
        var judgement = Assert.Single(Judge("net.ipv4.tcp_rmem = 4096 131072 16777216\n"));
        Assert.Equal(ProfileVerdict.Helps, judgement.Verdict);
        Assert.Equal("lab/archive-0", judgement.Instead?.Target);
        Assert.Contains("does not reach lab/archive-0", judgement.Why, StringComparison.Ordinal);
        Assert.NotEqual(judgement.Line.Value, judgement.Instead!.Writes[0].After);
    }

    [Theory]
    [InlineData("net.core.somaxconn=8192  # more", "net.core.somaxconn", "8192")]
    [InlineData("-net/ipv4/conf/eth0.100/rp_filter = 2", "net.ipv4.conf.eth0/100.rp_filter", "2")]
    [InlineData("  net.ipv4.tcp_mem:  \"1  2\t3\"", "net.ipv4.tcp_mem", "1 2 3")]
    public void Every_form_of_a_line_is_read(string line, string sysctl, string value)
    {
        var (settings, problems) = ProfileFile.Read($"; comment\n\n{line}\n");
        Assert.Empty(problems);
        Assert.Equal(new ProfileLine(3, sysctl, value), Assert.Single(settings));
    }

    [Fact]
    public void What_is_no_setting_is_named_with_its_line() => Assert.Contains("line 2", Assert.Single(ProfileFile.Read("net.core.somaxconn = 1\nsomaxconn up\n").Problems), StringComparison.Ordinal);

    [Fact]
    public async Task The_command_judges_a_file_against_this_host()
    {
        var file = Path.Combine(Path.GetTempPath(), $"netpulse-profile-{Guid.NewGuid():N}.conf");
        await File.WriteAllTextAsync(file, "net.ipv4.tcp_timestamps = 0\nnet.ipv4.no_such_thing = 1\n");
        try
        {
            using var output = new StringWriter();
            Assert.Equal(1, await ProfileCommand.RunAsync(["check", file], output, TextWriter.Null));
            Assert.Contains("Dangerous: net.ipv4.tcp_timestamps = 0 (line 1)", output.ToString(), StringComparison.Ordinal);
            Assert.Contains("Unknown: net.ipv4.no_such_thing = 1 (line 2)", output.ToString(), StringComparison.Ordinal);
            Assert.Equal(64, await ProfileCommand.RunAsync(["judge"], TextWriter.Null, TextWriter.Null));
            Assert.Equal(66, await ProfileCommand.RunAsync(["check", file + ".missing"], TextWriter.Null, TextWriter.Null));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static ImmutableArray<ProfileJudgement> Judge(string text)
    {
        var finding = Examples.WindowFinding();
        var node = CauseCases.With().Sysctl("net.core.wmem_default", 212_992).Sysctl("net.core.rmem_max", 4_194_304).Sysctl("net.core.netdev_max_backlog", 1000)
            .Sysctl("net.ipv4.tcp_congestion_control", "bbr").Sysctl("net.ipv4.tcp_available_congestion_control", "reno bbr cubic").Sysctl("net.ipv4.tcp_slow_start_after_idle", 1)
            .Sysctl("net.ipv4.tcp_tw_reuse", 2);
        var pod = CauseCases.With().Sysctl("net.ipv4.tcp_tw_reuse", 2).Sysctl("net.ipv4.tcp_slow_start_after_idle", 1);
        foreach (var (field, low, high) in new[] { ("min", 4096, 4096), ("default", 16_384, 131_072), ("max", 4_194_304, 131_072) })
        {
            node.Sysctl("net.ipv4.tcp_wmem", low, field).Sysctl("net.ipv4.tcp_rmem", field == "max" ? 6_291_456 : high, field);
            pod.Sysctl("net.ipv4.tcp_wmem", low, field).Sysctl("net.ipv4.tcp_rmem", high, field);
        }

        var proposals = RemedySearch.For([finding], [], Examples.Cluster());
        return ProfileCheck.Judge(
            ProfileFile.Read(text).Settings, new ProfileEvidence(node.Readings(), ImmutableDictionary<string, NetPulse.Optimizer.Detection.Readings>.Empty.Add("lab/archive-0", pod.Readings()), [finding], proposals));
    }
}
