using System.Net;
using System.Text;

namespace NetPulse.Collector.Export.Formats;

/// <summary>What an HTTP status means for samples that were posted.</summary>
internal static class HttpAnswer
{
    private const int LongestText = 300;

    /// <summary>A store may ask for a day, and a clock that is wrong for years: samples would grow too old meanwhile.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <remarks>
    /// A wrong address, token or password is the operator's to mend, so that samples wait for it (401, 403, 404, 407); what else is of 4xx
    /// says that these samples will never do.
    /// </remarks>
    public static async ValueTask<Answer> ReadAsync(HttpResponseMessage response, TimeProvider time, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return Answer.Accepted.Whole;
        }

        var problem = $"it answered {(int)response.StatusCode} {await TextAsync(response, cancellationToken)}".TrimEnd();
        return response.StatusCode switch
        {
            HttpStatusCode.RequestEntityTooLarge => new Answer.TooLarge(problem),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.ProxyAuthenticationRequired
                or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests => new Answer.TryAgain(problem, After(response, time)),
            >= HttpStatusCode.InternalServerError => new Answer.TryAgain(problem, After(response, time)),
            < HttpStatusCode.BadRequest => new Answer.TryAgain($"{problem}; redirects are not followed, name the address itself", null),
            _ => new Answer.Refused(problem),
        };
    }

    private static TimeSpan? After(HttpResponseMessage response, TimeProvider time)
    {
        TimeSpan? asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date > time.GetUtcNow() ? date - time.GetUtcNow() : TimeSpan.Zero,
            _ => null,
        };
        return asked > LongestPause ? LongestPause : asked;
    }

    private static async ValueTask<string> TextAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            // Whatever character set it claims: one that .NET does not know would throw.
            var text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellationToken)).Trim().ReplaceLineEndings(" ");
            return text[..Math.Min(text.Length, LongestText)];
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return e.Message;
        }
    }
}
