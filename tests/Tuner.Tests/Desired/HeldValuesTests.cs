using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Hosting;
using NetPulse.Tuner.Desired;

namespace NetPulse.Tuner.Tests.Desired;

public sealed class HeldValuesTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("nptest-");
    private StateDirectory? state;

    private string HeldFile => Path.Combine(directory.FullName, "held.jsonl");

    [Fact]
    public void What_was_written_down_is_there_after_a_restart()
    {
        using (var held = Open())
        {
            held.Put(Value("a", 1));
            held.Put(Value("b", 2));
            held.Put(Value("b", 2) with { Phase = HeldPhase.Held });
            held.Put(Value("c", 3));
            held.End(Value("c", 3), HeldPhase.Released);
        }

        using var again = Open();
        Assert.Equal([Value("a", 1), Value("b", 2) with { Phase = HeldPhase.Held }], again.All.OrderBy(v => v.Setting, StringComparer.Ordinal));
        Assert.Equal(2, File.ReadAllLines(HeldFile).Length);
    }

    [Fact]
    public void A_process_killed_at_any_byte_of_a_line_leaves_what_was_written_before_it()
    {
        using (var held = Open())
        {
            held.Put(Value("a", 1));
            held.Put(Value("b", 2));
        }

        var whole = File.ReadAllBytes(HeldFile);
        var firstLine = Array.IndexOf(whole, (byte)'\n') + 1;
        for (var length = firstLine; length < whole.Length - 1; length += 7)
        {
            File.WriteAllBytes(HeldFile, whole[..length]);
            using (var torn = Open())
            {
                Assert.Equal(Value("a", 1), Assert.Single(torn.All));
                torn.Put(Value("c", 3));
            }

            using var after = Open();
            Assert.Equal(2, after.All.Count);
        }

        Assert.False(File.Exists(HeldFile + ".damaged"));
    }

    [Fact]
    public void A_damaged_line_costs_only_itself_and_the_file_is_kept()
    {
        using (var held = Open())
        {
            held.Put(Value("a", 1));
            held.Put(Value("b", 2));
        }

        var lines = File.ReadAllLines(HeldFile);
        File.WriteAllLines(HeldFile, [lines[0][..20] + "###", "null", "{}", lines[1]]);
        using var damaged = Open();
        Assert.Equal("b", Assert.Single(damaged.All).Setting);
        Assert.Equal(4, File.ReadAllLines(HeldFile + ".damaged").Length);
    }

    [Fact]
    public void What_was_held_before_the_node_started_anew_is_dropped()
    {
        using (var held = Open())
        {
            held.Put(Value("a", 1));
        }

        using var after = Open("another boot");
        Assert.Empty(after.All);
    }

    [Fact]
    public void A_setting_that_took_a_place_over_is_not_released_with_its_predecessor()
    {
        using (var held = Open())
        {
            held.Put(Value("a", 1));
            held.Put(Value("b", 1));
            held.End(Value("a", 1), HeldPhase.Released);
            Assert.Equal("b", Assert.Single(held.All).Setting);
        }

        using var again = Open();
        Assert.Equal("b", Assert.Single(again.All).Setting);
    }

    [Fact]
    public void What_expired_is_remembered_until_it_is_no_longer_asked_for()
    {
        var revertAt = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using (var held = Open())
        {
            var value = Value("a", 1) with { RevertAt = revertAt };
            held.Put(value);
            held.End(value, HeldPhase.Expired);
            Assert.Empty(held.All);
        }

        using (var again = Open())
        {
            Assert.True(again.HasExpired("a", revertAt));
            Assert.False(again.HasExpired("a", revertAt.AddMinutes(1)));
            again.ForgetExpired((_, _) => false);
            Assert.False(again.HasExpired("a", revertAt));
        }

        using var last = Open();
        Assert.False(last.HasExpired("a", revertAt));
    }

    [Fact]
    public void A_second_process_is_refused()
    {
        using var held = Open();
        var refusal = Assert.Throws<StartRefusedException>(() => StateDirectory.Open(directory.FullName));
        Assert.Contains("another Tuner runs on it", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_does_not_grow_without_end()
    {
        using var held = Open();
        for (var i = 0; i < 10_050; i++)
        {
            held.Put(Value("a", 1) with { Written = $"{i}" });
        }

        Assert.True(File.ReadAllLines(HeldFile).Length < 100);
        Assert.Equal("10049", Assert.Single(held.All).Written);
    }

    public void Dispose()
    {
        state?.Dispose();
        directory.Delete(recursive: true);
    }

    private static HeldValue Value(string setting, ulong inode) => new()
    {
        Setting = setting,
        Sysctl = "net.ipv4.tcp_rmem",
        Path = $"/run/netns/{inode}",
        Inode = inode,
        Cookie = inode,
        Before = "1 2 3",
        Written = "1 2 4",
        Phase = HeldPhase.Writing,
        At = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        Boot = "this boot",
    };

    private HeldValues Open(string boot = "this boot")
    {
        state?.Dispose();
        state = StateDirectory.Open(directory.FullName);
        return HeldValues.Open(state, boot, NullLogger<HeldValues>.Instance);
    }
}
