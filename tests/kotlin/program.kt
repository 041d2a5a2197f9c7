// A broad program for a runtime with garbage collection: collections, strings, sorting, lambdas, generics, classes,
// exceptions, coroutines-free sequences. Its output is compared with what the same source prints elsewhere.
sealed interface Shape {
    val name: String
    fun area(): Double
}
data class Circle(val radius: Double) : Shape {
    override val name get() = "circle"
    override fun area() = 3.0 * radius * radius
}
data class Rectangle(val width: Double, val height: Double) : Shape {
    override val name get() = "rectangle"
    override fun area() = width * height
}
object Nothingness : Shape {
    override val name = "nothing"
    override fun area() = 0.0
}

class Node<T : Comparable<T>>(val value: T) {
    var left: Node<T>? = null
    var right: Node<T>? = null
    fun insert(other: T) {
        if (other < value) left?.insert(other) ?: run { left = Node(other) }
        else right?.insert(other) ?: run { right = Node(other) }
    }
    fun walk(visit: (T) -> Unit) {
        left?.walk(visit)
        visit(value)
        right?.walk(visit)
    }
}

class Problem(message: String, val code: Int) : Exception(message)

fun parse(text: String): Int {
    if (text.isEmpty()) throw Problem("empty", 7)
    return text.toInt()
}

fun attempt(text: String): String = try {
    "number ${parse(text)}"
} catch (problem: Problem) {
    "problem ${problem.code}: ${problem.message}"
} catch (wrong: NumberFormatException) {
    "not a number"
} finally {
    finished++
}
var finished = 0

class Random(private var state: Long) {
    fun next(bound: Int): Int {
        state = state * 6364136223846793005L + 1442695040888963407L
        return ((state ushr 33) % bound).toInt()
    }
}

fun primes() = sequence {
    var n = 2
    while (true) {
        if ((2..n / 2).none { n % it == 0 }) yield(n)
        n++
    }
}

fun <K, V> Map<K, V>.inverted(): Map<V, List<K>> = entries.groupBy({ it.value }, { it.key })

fun main() {
    val shapes = listOf(Circle(1.0), Rectangle(2.0, 3.5), Nothingness, Circle(0.5))
    println(shapes.sortedByDescending { it.area() }.joinToString { "${it.name}=${it.area()}" })
    println(shapes.filterIsInstance<Circle>().map(Circle::radius).sum())
    println(Rectangle(1.0, 2.0) == Rectangle(1.0, 2.0).copy())

    val random = Random(42)
    val root = Node(random.next(1000))
    repeat(2000) { root.insert(random.next(1000)) }
    var last = -1
    var ordered = true
    var count = 0
    root.walk { ordered = ordered && it >= last; last = it; count++ }
    println("$count values, ordered: $ordered")

    val words = "the quick brown fox jumps over the lazy dog and the cat".split(' ')
    val counts = words.groupingBy { it }.eachCount()
    println(counts.toList().sortedWith(compareBy({ -it.second }, { it.first })).take(3))
    println(counts.inverted().mapValues { it.value.size })
    println(words.map { it.reversed().uppercase() }.sorted().first())

    println(listOf("12", "", "x1", "-5").map(::attempt) + finished.toString())

    val text = StringBuilder()
    for (i in 0 until 5000) text.append(i % 10).append(if (i % 100 == 99) '\n' else ' ')
    println(text.lines().size.toString() + " " + text.toString().hashCode())
    println("grüße, 世界, 🎉".let { "$it ${it.length} ${it.encodeToByteArray().size}" })

    println(primes().take(12).toList())
    val numbers = LongArray(50_000) { random.next(1_000_000).toLong() }
    numbers.sort()
    println(numbers.asList().zipWithNext().all { (a, b) -> a <= b })
    val boxed = MutableList(20_000) { random.next(1_000_000) }
    boxed.sortWith { a, b -> b.compareTo(a) }
    println(boxed.first() >= boxed.last())

    val cache = HashMap<String, MutableList<Int>>()
    for (i in 0 until 100_000) cache.getOrPut("key${i % 997}") { ArrayList() }.add(i)
    println(cache.values.sumOf { it.size } to cache.size)
    val memo = HashMap<Int, Long>()
    fun fibonacci(n: Int): Long = if (n < 2) n.toLong() else memo.getOrPut(n) { fibonacci(n - 1) + fibonacci(n - 2) }
    println(fibonacci(80))

    try {
        arrayListOf(1, 2, 3)[words.size]
        println("no exception")
    } catch (e: IndexOutOfBoundsException) {
        println("out of bounds")
    }
    try {
        (shapes[0] as Any as String).length
    } catch (e: ClassCastException) {
        println("class cast")
    }
    val matrix = Array(60) { i -> DoubleArray(60) { j -> (i * j % 7).toDouble() } }
    val product = Array(60) { i -> DoubleArray(60) { j -> (0 until 60).sumOf { matrix[i][it] * matrix[it][j] } } }
    println(product.sumOf { it.sum() })
}
