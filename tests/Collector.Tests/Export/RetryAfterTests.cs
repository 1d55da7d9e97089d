using System.Net;
using System.Net.Http.Headers;
using NetPulse.Collector.Export.Formats;

namespace NetPulse.Collector.Tests.Export;

public sealed class RetryAfterTests
{
    [Theory]
    [InlineData(5, 5)]
    [InlineData(86_400, 600)]
    [InlineData(2_000_000_000, 600)]
    public async Task A_store_is_asked_again_after_as_long_as_it_says_or_ten_minutes(int asked, int expected)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(asked));
        var answer = Assert.IsType<Answer.TryAgain>(await HttpAnswer.ReadAsync(response, TimeProvider.System, CancellationToken.None));
        Assert.Equal(TimeSpan.FromSeconds(expected), answer.After);
    }

    [Fact]
    public async Task A_date_far_off_is_no_reason_to_wait_for_years()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        response.Headers.RetryAfter = new RetryConditionHeaderValue(DateTimeOffset.MaxValue);
        var answer = Assert.IsType<Answer.TryAgain>(await HttpAnswer.ReadAsync(response, TimeProvider.System, CancellationToken.None));
        Assert.Equal(TimeSpan.FromMinutes(10), answer.After);
    }
}
