using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Tests.Diagnosis;

public sealed class SlowReaderTests
{
    private readonly SlowReader rule = new();

    [Fact]
    public void A_full_queue_is_a_slow_reader_and_gets_advice()
    {
        var finding = rule.Judge(Examples.Of(Examples.WindowLimited() with { ReceiveQueueBytes = 120_000 }))!.Finding;
        Assert.Equal(Cause.SlowReader, finding?.Cause);
        Assert.NotEmpty(finding!.Advice);
    }

    [Fact]
    public void Closed_windows_are_a_slow_reader() => Assert.NotNull(rule.Judge(Examples.Of(Examples.WindowLimited() with { ZeroWindowsPerSecond = 3 }))!.Finding);

    [Fact]
    public void A_reader_that_keeps_up_is_none() => Assert.Null(rule.Judge(Examples.Of(Examples.WindowLimited()))!.Finding);

    [Fact]
    public void A_sender_that_is_not_stopped_has_no_slow_reader() =>
        Assert.Null(rule.Judge(Examples.Of(Examples.WindowLimited() with { ReceiveQueueBytes = 120_000, ReceiveWindowLimitedShare = 0.02 }))!.Finding);
}
