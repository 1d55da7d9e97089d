using System.Net.Http.Headers;
using System.Text;

namespace NetPulse.Collector.Export.Delivery;

/// <summary>Who we are to a destination. Files are read for each request: whoever renews them need not tell us.</summary>
internal sealed class Credentials(DestinationOptions options)
{
    /// <exception cref="IOException">A file cannot be read, or holds no token.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public void Sign(HttpRequestMessage request)
    {
        if (options.TokenFile is { Length: > 0 } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue(options.Kind == DestinationKind.Influx ? "Token" : "Bearer", Token(token));
        }
        else if (options is { Username: { Length: > 0 } user, PasswordFile: { Length: > 0 } password })
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{Content(password)}")));
        }

        foreach (var (name, value) in options.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    private static string Token(string file)
    {
        // .NET's own exception would end the process.
        var token = Content(file);
        return token.AsSpan().ContainsAny('\r', '\n', '\0') ? throw new IOException($"tokenFile {file} must hold a token on one line") : token;
    }

    private static string Content(string file) => File.ReadAllText(file).Trim();
}
