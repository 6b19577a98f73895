import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * mongo-java-server on a port of the loopback interface, run from source: {@code java -cp "lib/*" Server.java <port>}. Port 0
 * takes a free one. Prints the port that it listens on, and ends when its standard input does: with whoever started it.
 */
class Server {
    /** The drivers refuse what it calls itself, wire version 8, which is older than any MongoDB that they still know. */
    private static final class Modern implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(7, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 21;
        }
    }

    /**
     * Answers with documents as they were when the command ran. On its own it answers with those that it keeps, and the next
     * command may change them while they are sent: a read sees half an update, and two findOneAndUpdate return one number.
     */
    private static final class Consistent extends MemoryBackend {
        private final Map<String, Object> locks = new ConcurrentHashMap<>();

        @Override
        public Document handleMessage(MongoMessage message) {
            synchronized (locks.computeIfAbsent(message.getDatabaseName(), name -> new Object())) {
                return super.handleMessage(message).cloneDeeply();
            }
        }
    }

    public static void main(String[] args) throws Exception {
        MemoryBackend backend = new Consistent();
        backend.version(new Modern());
        MongoServer server = new MongoServer(backend);
        server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
        System.out.println(server.getLocalAddress().getPort());
        while (System.in.read() != -1) {
            // Nothing is said to it: only the end counts.
        }
        System.exit(0);
    }
}
