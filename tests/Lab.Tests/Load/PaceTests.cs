using NetPulse.Lab.Load;
using NetPulse.Tests;

namespace NetPulse.Lab.Tests.Load;

public sealed class PaceTests
{
    private readonly TestClock clock = new();

    [Fact]
    public async Task Without_a_rate_as_much_is_read_as_there_is() =>
        Assert.Equal(4096, await new Pace(() => null, clock).NextAsync(4096, CancellationToken.None));

    [Fact]
    public async Task A_rate_allows_what_has_become_due_and_no_more()
    {
        var pace = new Pace(() => 160_000, clock);
        clock.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal(1000, await pace.NextAsync(4096, CancellationToken.None));
        pace.Moved(600);
        Assert.Equal(400, await pace.NextAsync(4096, CancellationToken.None));
        pace.Moved(400);

        var waiting = pace.NextAsync(4096, CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(await waiting, 1, 1000);
    }

    [Fact]
    public async Task What_a_busy_machine_kept_from_being_moved_does_not_come_in_one_burst()
    {
        var pace = new Pace(() => 160_000, clock);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(1000, await pace.NextAsync(4096, CancellationToken.None));
    }

    [Fact]
    public async Task A_rate_that_begins_late_does_not_make_up_for_the_time_before()
    {
        long? rate = null;
        var pace = new Pace(() => rate, clock);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(4096, await pace.NextAsync(4096, CancellationToken.None));
        rate = 160_000;
        clock.Advance(TimeSpan.FromMilliseconds(25));
        Assert.Equal(500, await pace.NextAsync(4096, CancellationToken.None));
    }
}
