using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Alerts;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Carries what detection has learned, and which alerts last, over a restart: in <c>detection.state</c> beside the journal.</summary>
/// <remarks>
/// A first line of name, version and SHA-256, then JSON; replaced in one step. What came after the last save is in the store and is looked at again. A file
/// that cannot be used is set aside and named in the journal, and the detection window is played from the store.
/// </remarks>
public sealed class DetectionMemory : IHostedService
{
    public const string FileName = "detection.state";

    /// <summary>Grows with every change of what is kept or of what it means.</summary>
    private const string Head = "netpulse-detection 4 ";

    private static readonly TimeSpan Between = TimeSpan.FromMinutes(5);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly string file;
    private readonly EdgeWatch edges;
    private readonly UsualWatch usual;
    private readonly Announcements announcements;
    private readonly AlertBook alerts;
    private readonly ChangeJournal journal;
    private readonly TimeProvider time;
    private DateTimeOffset saved;

    /// <summary>Takes up what an earlier process knew.</summary>
    public DetectionMemory(IOptions<JournalOptions> options, EdgeWatch edges, UsualWatch usual, Announcements announcements, AlertBook alerts, ChangeJournal journal, TimeProvider time)
    {
        file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.Value.File))!, FileName);
        (this.edges, this.usual, this.announcements, this.alerts, this.journal, this.time) = (edges, usual, announcements, alerts, journal, time);
        saved = time.GetUtcNow();
        if (!File.Exists(file))
        {
            return;
        }

        try
        {
            var state = Read();
            edges.Resume(state.Watches);
            usual.Resume(state.Usual);
            announcements.Resume(state.Announcements);
            alerts.Resume(state.Alerts);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            SetAside(e.Message);
        }
    }

    /// <summary>Every five minutes.</summary>
    public void SaveWhenDue()
    {
        if (time.GetUtcNow() - saved >= Between)
        {
            Save();
        }
    }

    /// <summary>A state that cannot be written is a problem in the journal; detection goes on.</summary>
    public void Save()
    {
        saved = time.GetUtcNow();
        try
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new State(edges.Save(), usual.Save(), announcements.Save(), [.. alerts.Alerts]), Json);
            var next = $"{file}.next";
            using (var written = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                written.Write(Encoding.ASCII.GetBytes($"{Head}{Convert.ToHexStringLower(SHA256.HashData(body))}\n"));
                written.Write(body);
                written.Flush(flushToDisk: true);
            }

            File.Move(next, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            journal.Note(EntryKind.Problem, file, $"what detection has learned could not be written, and a restart would learn anew from the store: {e.Message}");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Save();
        return Task.CompletedTask;
    }

    private State Read()
    {
        var bytes = File.ReadAllBytes(file);
        var end = Array.IndexOf(bytes, (byte)'\n');
        var head = Encoding.ASCII.GetString(bytes, 0, Math.Max(0, end));
        if (!head.StartsWith(Head, StringComparison.Ordinal))
        {
            throw new InvalidDataException("it is of another version, or no such state");
        }

        return head[Head.Length..] == Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(end + 1)))
            ? JsonSerializer.Deserialize<State>(bytes.AsSpan(end + 1), Json) ?? throw new InvalidDataException("it is empty")
            : throw new InvalidDataException("it is damaged");
    }

    private void SetAside(string reason)
    {
        var aside = $"{file}.set-aside";
        try
        {
            File.Move(file, aside, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            aside = $"it could not be moved either, {e.Message}";
        }

        journal.Note(EntryKind.Problem, file, $"what detection had learned cannot be used ({reason}) and was set aside ({aside}); it is learned anew from the store");
    }

    private sealed record State(IReadOnlyList<EdgeMemory> Watches, IReadOnlyList<SubjectMemory> Usual, AnnouncementState Announcements, IReadOnlyList<Alert> Alerts);
}
